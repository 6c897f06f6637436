<?php
require __DIR__ . '/support/check.php';

$text = str_repeat("the same line again\n", 5000);
$packed = bzcompress($text, 9);
check(strlen($packed) < 1000, 'repetition compresses');
same($text, bzdecompress($packed), 'what was packed comes back');
$file = scratch() . '/a.bz2';
file_put_contents("compress.bzip2://$file", $text);
same('BZh', substr(file_get_contents($file), 0, 3), 'the stream writes the format');
same($text, file_get_contents("compress.bzip2://$file"), 'the stream reads it');
$stream = fopen('php://memory', 'w+');
stream_filter_append($stream, 'bzip2.compress', STREAM_FILTER_WRITE);
check(fwrite($stream, $text) > 0, 'the filter takes data');
ok();
