<?php
// needs: mariadb
require __DIR__ . '/support/check.php';

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli('localhost', 'smoke', 'secret', 'smoke', 0, server('MARIADB'));
$db->set_charset('utf8mb4');
$db->query('CREATE TEMPORARY TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20), '
    . 'price DECIMAL(8,2), raw BLOB)');
$insert = $db->prepare('INSERT INTO t (word, price, raw) VALUES (?, ?, ?)');
$raw = random_bytes(3000);
$insert->bind_param('sds', ...[$word = 'größer 🎈', $price = 12.5, $raw]);
$insert->execute();
same(1, $db->insert_id, 'insert');
$row = $db->execute_query('SELECT * FROM t WHERE id = ?', [1])->fetch_assoc();
same(['id' => 1, 'word' => 'größer 🎈', 'price' => '12.50', 'raw' => $raw], $row, 'select');
same([['2'], ['3']], (static function () use ($db): array {
    $db->multi_query('SELECT 2; SELECT 3');
    $seen = [];
    do {
        $seen[] = $db->store_result()->fetch_row();
    } while ($db->next_result());
    return $seen;
})(), 'several statements');
$db->begin_transaction();
$db->query("INSERT INTO t (word) VALUES ('gone')");
$db->rollback();
same('1', $db->query('SELECT count(*) FROM t')->fetch_row()[0], 'rollback');
try {
    $db->query('SELECT nonsense');
    check(false, 'a wrong statement was accepted');
} catch (mysqli_sql_exception $exception) {
    same(1054, $exception->getCode(), 'error numbers');
}
ok();
