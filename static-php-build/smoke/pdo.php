<?php
require __DIR__ . '/support/check.php';

$drivers = PDO::getAvailableDrivers();
sort($drivers);
same(['mysql', 'pgsql', 'sqlite'], array_values(array_intersect($drivers,
    ['mysql', 'pgsql', 'sqlite'])), 'drivers');
try {
    new PDO('nonsense:x');
    check(false, 'an unknown driver was accepted');
} catch (PDOException $exception) {
    check(str_contains($exception->getMessage(), 'driver'), 'an unknown driver is refused');
}
same(true, class_exists(PDOStatement::class), 'statements');
ok();
