<?php
// needs: mariadb
require __DIR__ . '/support/check.php';

$db = PDO::connect('mysql:unix_socket=' . server('MARIADB') . ';dbname=smoke;charset=utf8mb4',
    'smoke', 'secret', [PDO::ATTR_EMULATE_PREPARES => false]);
check($db instanceof Pdo\Mysql, 'the driver class of 8.4');
$db->exec('CREATE TEMPORARY TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, word TEXT)');
$insert = $db->prepare('INSERT INTO t (word) VALUES (?)');
foreach (['eins', 'zwei', '三'] as $word) {
    $insert->execute([$word]);
}
same('3', $db->lastInsertId(), 'prepared inserts');
same(['eins', 'zwei', '三'], $db->query('SELECT word FROM t ORDER BY id')
    ->fetchAll(PDO::FETCH_COLUMN), 'select');
$big = $db->prepare('SELECT REPEAT(?, 300000)');
$big->execute(['0123456789']);
same(3000000, strlen($big->fetchColumn()), 'a row larger than a packet buffer');
$db->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, false);
$cursor = $db->query('SELECT seq FROM seq_1_to_1000');
same(1000, iterator_count($cursor), 'an unbuffered result');
try {
    PDO::connect('mysql:unix_socket=' . server('MARIADB'), 'smoke', 'wrong');
    check(false, 'a wrong password was accepted');
} catch (PDOException $exception) {
    same(1045, $exception->getCode(), 'a wrong password');
}
ok();
