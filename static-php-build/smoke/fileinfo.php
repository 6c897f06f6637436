<?php
require __DIR__ . '/support/check.php';

$finfo = new finfo(FILEINFO_MIME_TYPE);
$png = base64_decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==');
same('image/png', $finfo->buffer($png), 'PNG');
same('application/pdf', $finfo->buffer("%PDF-1.4\n%\xE2\xE3\xCF\xD3\n"), 'PDF');
same('text/x-php', $finfo->buffer("<?php\necho 1;\n"), 'PHP');
same('application/gzip', $finfo->buffer("\x1f\x8b\x08\0\0\0\0\0\0\x03"), 'gzip');
same('application/json', $finfo->buffer('{"a": [1, 2]}'), 'JSON');
same('text/plain', mime_content_type(__DIR__ . '/fixtures/plain.txt'), 'a file on disk');
ok();
