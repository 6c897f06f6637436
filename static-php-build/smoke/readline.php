<?php
require __DIR__ . '/support/check.php';

same(true, readline_add_history('first command'), 'history');
same(true, readline_add_history('second command'), 'goes on');
$file = scratch() . '/history';
same(true, readline_write_history($file), 'is written');
check(str_contains(file_get_contents($file), 'second'), 'to a file');
same(true, readline_clear_history(), 'cleared');
same(true, readline_read_history($file), 'and read');
same(true, readline_completion_function(static fn (string $word): array => ['apple']),
    'completion');
check(str_contains(readline_info('library_version'), 'EditLine'), 'it is libedit');
// Without a terminal readline() reads from a pipe.
$child = proc_open([PHP_BINARY, '-r', 'echo strtoupper(readline("? "));'],
    [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
fwrite($pipes[0], "typed\n");
fclose($pipes[0]);
check(str_contains(stream_get_contents($pipes[1]), 'TYPED'), 'a line is read');
proc_close($child);
ok();
