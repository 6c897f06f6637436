<?php
// The PHP that a script's child processes find, by each of the usual ways.
$code = 'echo json_encode([PHP_VERSION, PHP_SAPI, php_ini_loaded_file(), ini_get("memory_limit")]);';
$own = json_encode([PHP_VERSION, PHP_SAPI, php_ini_loaded_file(), ini_get('memory_limit')]);
$ways = [
    'name in a shell' => 'php -r ' . escapeshellarg($code),
    'name without a shell' => ['php', '-r', $code],
    'PHP_BINARY' => [PHP_BINARY, '-r', $code],
    'environment' => [getenv('PHP_BINARY'), '-r', $code],
    'shebang' => ['/usr/bin/env', 'php', '-r', $code],
];
foreach ($ways as $name => $command) {
    $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
    $seen = stream_get_contents($pipes[1]);
    $status = proc_close($process);
    $same = $seen === $own && $status === 0 ? 'same' : "status $status: $seen";
    echo "$name: $same\n";
}
