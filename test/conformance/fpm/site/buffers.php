<?php
var_dump(ob_get_level());
ob_start(static fn (string $text, int $phase): string => strtoupper($text) . "[$phase]");
echo 'inside ';
ob_flush();
echo 'again ';
ob_start();
echo 'thrown away';
ob_end_clean();
ob_start(null, 4);
echo 'ab';
echo 'cdef';
echo 'g';
ob_end_flush();
echo ini_get('output_buffering'), (int) ini_get('implicit_flush');
file_put_contents('php://output', ' by stream');
