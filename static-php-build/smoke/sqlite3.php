<?php
require __DIR__ . '/support/check.php';

$db = new SQLite3(':memory:');
$db->enableExceptions(true);
$db->exec('CREATE TABLE t (a INTEGER, b TEXT)');
$statement = $db->prepare('INSERT INTO t VALUES (?, ?)');
for ($i = 1; $i <= 3; $i++) {
    $statement->bindValue(1, $i, SQLITE3_INTEGER);
    $statement->bindValue(2, "row $i");
    $statement->execute();
}
same(3, $db->querySingle('SELECT count(*) FROM t'), 'rows');
$db->createAggregate('product',
    static fn (?int $state, int $row, int $value): int => ($state ?? 1) * $value,
    static fn (?int $state): int => $state ?? 1);
same(6, $db->querySingle('SELECT product(a) FROM t'), 'an aggregate in PHP');
$db->createCollation('backwards', static fn (string $x, string $y): int => strcmp($y, $x));
same('row 3', $db->querySingle('SELECT b FROM t ORDER BY b COLLATE backwards'), 'a collation');
$file = scratch() . '/copy.sqlite';
$copy = new SQLite3($file);
same(true, $db->backup($copy), 'backup');
same('row 2', $copy->querySingle('SELECT b FROM t WHERE a = 2'), 'into a file');
check(SQLite3::version()['versionNumber'] >= 3040000, 'a version of this decade');
ok();
