<?php
require __DIR__ . '/support/check.php';

same('a.b@example.org', filter_var('a.b@example.org', FILTER_VALIDATE_EMAIL), 'address');
same(false, filter_var('a b@example.org', FILTER_VALIDATE_EMAIL), 'a space is refused');
same('2001:db8::1', filter_var('2001:db8::1', FILTER_VALIDATE_IP, FILTER_FLAG_IPV6), 'IPv6');
same(false, filter_var('10.0.0.1', FILTER_VALIDATE_IP, FILTER_FLAG_NO_PRIV_RANGE), 'private');
same(255, filter_var('0xff', FILTER_VALIDATE_INT, FILTER_FLAG_ALLOW_HEX), 'hex integer');
same(['n' => 3, 'x' => null], filter_var_array(['n' => '3'],
    ['n' => FILTER_VALIDATE_INT, 'x' => FILTER_VALIDATE_INT]), 'an array');
ok();
