<?php
require __DIR__ . '/support/check.php';

same(true, password_verify('secret', password_hash('secret', PASSWORD_BCRYPT, ['cost' => 4])),
    'bcrypt');
same(true, password_verify('secret', password_hash('secret', PASSWORD_ARGON2ID,
    ['memory_cost' => 1024, 'time_cost' => 1])), 'Argon2id');
same('rl.3StKT.4T8M', crypt('rasmuslerdorf', 'rl'), 'traditional crypt');
$process = proc_open(['/bin/cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
fwrite($pipes[0], 'through cat');
fclose($pipes[0]);
same('through cat', stream_get_contents($pipes[1]), 'a child process');
same(0, proc_close($process), 'its exit status');
same("a b\n", shell_exec('echo a b'), 'a shell command');
// An empty environment still finds names: nsswitch and /etc/hosts, by the system's libc.
same('127.0.0.1', gethostbyname('localhost'), 'name resolution');
$dir = scratch();
file_put_contents("$dir/list", "a\nb\n", LOCK_EX);
same(['a', 'b'], file("$dir/list", FILE_IGNORE_NEW_LINES), 'a file');
same(4, filesize("$dir/list"), 'its size');
same("$dir/list", realpath("$dir/./list"), 'its real path');
$server = stream_socket_server('tcp://127.0.0.1:0');
$client = stream_socket_client('tcp://' . stream_socket_get_name($server, false));
fwrite(stream_socket_accept($server), "hello\n");
same("hello\n", fgets($client), 'stream sockets');
same(['a' => ['b' => '1']], (static function () {
    parse_str('a[b]=1', $out);
    return $out;
})(), 'parse_str');
same('a:1:{i:0;s:1:"x";}', serialize(['x']), 'serialize');
same('3.14', number_format(3.14159, 2), 'number_format');
same('b1946ac92492d2347c6235b4d2611184', md5("hello\n"), 'MD5');
same('&lt;a&gt; &auml;', htmlentities('<a> ä'), 'entities');
check(str_contains(setlocale(LC_ALL, 'C'), 'C'), 'setlocale');
check(str_contains(uniqid('', true), '.'), 'uniqid');
ok();
