<?php
// needs: ftp
require __DIR__ . '/support/check.php';

[$host, $port] = explode(':', server('FTP'));
$ftp = ftp_connect($host, (int) $port, 5);
same(true, ftp_login($ftp, 'user', 'secret'), 'login');
same(true, ftp_pasv($ftp, true), 'passive mode');
$source = fopen('php://memory', 'w+');
fwrite($source, str_repeat("line\n", 20000));
rewind($source);
same(true, ftp_fput($ftp, 'upload.txt', $source, FTP_BINARY), 'upload');
same(100000, ftp_size($ftp, 'upload.txt'), 'size');
same(['upload.txt'], ftp_nlist($ftp, '.'), 'listing');
$target = fopen('php://memory', 'w+');
same(true, ftp_fget($ftp, $target, 'upload.txt', FTP_BINARY), 'download');
rewind($target);
same(sha1(str_repeat("line\n", 20000)), sha1(stream_get_contents($target)), 'same bytes');
same(true, ftp_delete($ftp, 'upload.txt'), 'delete');
same(true, ftp_close($ftp), 'quit');
$url = "ftp://user:secret@$host:$port/by-stream.txt";
same(6, file_put_contents($url, 'stream'), 'the ftp:// stream writes');
same('stream', file_get_contents($url), 'and reads');
check(function_exists('ftp_ssl_connect'), 'FTP over TLS is compiled in');
ok();
