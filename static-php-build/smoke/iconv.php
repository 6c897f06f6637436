<?php
require __DIR__ . '/support/check.php';

same("Gr\xFC\xDFe", iconv('UTF-8', 'ISO-8859-1', 'Grüße'), 'Latin 1');
same("\x93\xFA\x96\x7B", iconv('UTF-8', 'SHIFT_JIS', '日本'), 'Shift JIS');
same('日本', iconv('EUC-JP', 'UTF-8', "\xC6\xFC\xCB\xDC"), 'EUC-JP');
same("\xFF\xFEA\0", iconv('UTF-8', 'UTF-16LE', "\u{FEFF}A"), 'UTF-16');
same("\x80", iconv('UTF-8', 'CP1252', '€'), 'Windows 1252');
same('Prüfung', iconv_mime_decode('=?ISO-8859-1?Q?Pr=FCfung?=', 0, 'UTF-8'), 'MIME header');
same(5, iconv_strlen('Grüße', 'UTF-8'), 'characters, not bytes');
check(str_contains(iconv('UTF-8', 'ASCII//TRANSLIT', 'naïve'), 'na'), 'transliteration');
ok();
