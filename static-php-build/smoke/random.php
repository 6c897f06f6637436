<?php
require __DIR__ . '/support/check.php';

$engine = new Random\Engine\Mt19937(42);
$first = (new Random\Randomizer($engine))->getInt(1, 1000000);
same($first, (new Random\Randomizer(new Random\Engine\Mt19937(42)))->getInt(1, 1000000),
    'a seeded engine repeats');
$secure = new Random\Randomizer(new Random\Engine\Secure());
same(32, strlen($secure->getBytes(32)), 'secure bytes');
check($secure->getBytes(16) !== $secure->getBytes(16), 'never the same');
check(random_int(5, 6) >= 5, 'random_int');
mt_srand(3);
same(1182829493, mt_rand(), 'the old generator gives its old numbers');
ok();
