<?php
require __DIR__ . '/support/check.php';

same(true, ctype_alpha('phpack'), 'letters');
same(false, ctype_alpha('php8'), 'letters and a digit');
same(true, ctype_xdigit('deadBEEF01'), 'hex digits');
same(true, ctype_space(" \t\r\n"), 'white space');
same(true, ctype_punct('*&$()'), 'punctuation');
ok();
