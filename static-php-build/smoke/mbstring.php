<?php
require __DIR__ . '/support/check.php';

same('ΣΊΣΥΦΟΣ', mb_strtoupper('Σίσυφος'), 'Greek capitals');
same(5, mb_strlen('Grüße'), 'length');
same('ße', mb_substr('Grüße', -2), 'end of a string');
same('SJIS', mb_detect_encoding("\x93\xFA\x96\x7B\x8C\xEA", ['ASCII', 'UTF-8', 'SJIS']),
    'detection');
same('日本語', mb_convert_encoding("\x93\xFA\x96\x7B\x8C\xEA", 'UTF-8', 'SJIS'), 'conversion');
same('=?UTF-8?B?R3LDvMOfZQ==?=', mb_encode_mimeheader('Grüße', 'UTF-8', 'B'), 'MIME header');
same(4, mb_strwidth('日本'), 'width of East Asian characters');
same(1, mb_ereg('^(\p{Lu})(.*)$', 'Ärger', $match) ? 1 : 0, 'Oniguruma matches Unicode');
same('Ä', $match[1], 'and captures');
same('a-b-c', mb_ereg_replace('\s+', '-', 'a  b   c'), 'and replaces');
ok();
