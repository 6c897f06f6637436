<?php
header('X-One: 1');
header('X-One: 2');
header('X-Two: a');
header('X-Two: b', false);
header('X-Gone: 1');
header_remove('X-Gone');
header('x-lower: Kept As Written ');
header('X-Empty:');
header('X-Latin: ' . "caf\xE9");
setcookie('first', 'a b;c', ['expires' => 2000000000, 'path' => '/', 'httponly' => true,
    'samesite' => 'Lax', 'secure' => true]);
setcookie('second', '', 1);
setrawcookie('third', 'raw=value');
$seen = false;
header_register_callback(static function () use (&$seen): void {
    header('X-Callback: ran');
});
echo implode("\n", array_map(
    static fn (string $line) => preg_replace('/Max-Age=\d+/', 'Max-Age=N', $line), headers_list()));
