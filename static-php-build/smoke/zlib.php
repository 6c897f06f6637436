<?php
require __DIR__ . '/support/check.php';

$text = str_repeat('phpack ', 5000);
foreach (['gzencode' => 'gzdecode', 'gzcompress' => 'gzuncompress', 'gzdeflate' => 'gzinflate']
    as $pack => $unpack) {
    check(strlen($pack($text, 9)) < 300, "$pack makes it small");
    same($text, $unpack($pack($text)), "$unpack brings it back");
}
$context = deflate_init(ZLIB_ENCODING_GZIP, ['level' => 6]);
$stream = deflate_add($context, substr($text, 0, 1000), ZLIB_NO_FLUSH)
    . deflate_add($context, substr($text, 1000), ZLIB_FINISH);
same($text, gzdecode($stream), 'in pieces');
$file = scratch() . '/log.gz';
file_put_contents("compress.zlib://$file", $text);
same($text, implode('', gzfile($file)), 'a compressed file');
$handle = fopen($file, 'rb');
stream_filter_append($handle, 'zlib.inflate', STREAM_FILTER_READ, ['window' => 31]);
same($text, stream_get_contents($handle), 'a stream filter');
same(false, @gzinflate('nonsense'), 'nonsense is refused');
ok();
