<?php
require __DIR__ . '/support/check.php';

$file = scratch() . '/data.sqlite';
$db = PDO::connect("sqlite:$file");
check($db instanceof Pdo\Sqlite, 'the driver class of 8.4');
$db->exec('PRAGMA journal_mode = WAL');
$db->exec('CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, raw BLOB)');
$db->beginTransaction();
$insert = $db->prepare('INSERT INTO note (text, raw) VALUES (:text, :raw)');
$insert->bindValue('text', 'größer');
$insert->bindValue('raw', "\0\xFF", PDO::PARAM_LOB);
$insert->execute();
$db->commit();
same('1', $db->lastInsertId(), 'a row');
$row = $db->query('SELECT * FROM note')->fetch(PDO::FETCH_ASSOC);
same(['id' => 1, 'text' => 'größer', 'raw' => "\0\xFF"], $row, 'comes back');
$db->createFunction('twice', static fn (int $x): int => $x * 2);
same(42, $db->query('SELECT twice(21)')->fetchColumn(), 'a PHP function in SQL');
try {
    $db->exec('INSERT INTO note (id) VALUES (1)');
    check(false, 'a duplicate key was accepted');
} catch (PDOException $exception) {
    same('23000', $exception->getCode(), 'a constraint');
}
same('{"a":2}', $db->query("SELECT json_set('{\"a\":1}', '$.a', 2)")->fetchColumn(), 'JSON');
$db->exec('CREATE VIRTUAL TABLE words USING fts5(body)');
$db->exec("INSERT INTO words VALUES ('the quick brown fox')");
same(1, $db->query("SELECT count(*) FROM words WHERE words MATCH 'quick'")->fetchColumn(),
    'full text search');
ok();
