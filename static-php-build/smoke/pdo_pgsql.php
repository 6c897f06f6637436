<?php
// needs: postgres
require __DIR__ . '/support/check.php';

// SCRAM-SHA-256 over the socket: libpq's own cryptography is at work.
$dsn = 'pgsql:host=' . server('POSTGRES') . ';dbname=smoke';
$db = PDO::connect($dsn, 'smoke', 'secret');
check($db instanceof Pdo\Pgsql, 'the driver class of 8.4');
$db->exec('CREATE TEMPORARY TABLE t (id serial PRIMARY KEY, data jsonb, ok boolean)');
$insert = $db->prepare('INSERT INTO t (data, ok) VALUES (?, ?) RETURNING id');
$insert->execute(['{"a": {"b": [1, 2]}}', 'true']);
same(1, $insert->fetchColumn(), 'RETURNING');
$row = $db->query("SELECT data #>> '{a,b,1}' AS second, ok FROM t")->fetch(PDO::FETCH_ASSOC);
same(['second' => '2', 'ok' => true], $row, 'JSON and booleans');
$db->beginTransaction();
$oid = $db->lobCreate();
$stream = $db->lobOpen($oid, 'w');
fwrite($stream, 'a large object');
fclose($stream);
same('a large object', stream_get_contents($db->lobOpen($oid)), 'large objects');
$db->rollBack();
try {
    PDO::connect($dsn, 'smoke', 'wrong');
    check(false, 'a wrong password was accepted');
} catch (PDOException $exception) {
    check(str_contains($exception->getMessage(), 'password authentication failed'),
        'a wrong password');
}
ok();
