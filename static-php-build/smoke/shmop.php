<?php
require __DIR__ . '/support/check.php';

$key = random_int(1, 0x7FFFFFFF);
$segment = shmop_open($key, 'n', 0600, 4096);
same(5, shmop_write($segment, 'hello', 100), 'write');
$child = pcntl_fork();
if ($child === 0) {
    $other = shmop_open($key, 'w', 0, 0);
    exit(shmop_read($other, 100, 5) === 'hello' && shmop_write($other, 'HELLO', 100) ? 0 : 1);
}
pcntl_waitpid($child, $status);
same(0, pcntl_wexitstatus($status), 'another process reads it');
same('HELLO', shmop_read($segment, 100, 5), 'and its answer is seen');
same(4096, shmop_size($segment), 'size');
same(true, shmop_delete($segment), 'delete');
ok();
