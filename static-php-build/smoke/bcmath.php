<?php
require __DIR__ . '/support/check.php';

same('1.41421356237309504880', bcsqrt('2', 20), 'square root of 2');
same('340282366920938463463374607431768211456', bcpow('2', '128'), '2^128');
same('445', bcpowmod('4', '13', '497'), 'modular power');
same('0.3333333333', bcdiv('1', '3', 10), 'division');
same(-1, bccomp('0.0000000001', '0.0000000002', 10), 'comparison');
ok();
