<?php
require __DIR__ . '/support/check.php';

$prime = gmp_sub(gmp_pow(2, 127), 1);
same(1, min(1, gmp_prob_prime($prime)), '2^127-1 is prime');
same('170141183460469231731687303715884105757', gmp_strval(gmp_nextprime($prime)),
    'the next prime');
same('2432902008176640000', gmp_strval(gmp_fact(20)), 'factorial');
same('c', gmp_strval(gmp_gcd('36', '120'), 16), 'greatest common divisor');
same('445', (string) gmp_powm(4, 13, 497), 'power modulo');
check(gmp_init('0x1F') + 1 == 32, 'operators are overloaded');
ok();
