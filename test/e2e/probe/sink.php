<?php
// Reads the whole body from php://input: its length, its hash and the memory this took.
$input = fopen('php://input', 'rb');
$hash = hash_init('xxh128');
$bytes = hash_update_stream($hash, $input);
header('Content-Type: application/json');
echo json_encode([
    'bytes' => $bytes,
    'hash' => hash_final($hash),
    'memory' => memory_get_peak_usage(),
    'declared' => (int) ($_SERVER['CONTENT_LENGTH'] ?? -1),
]);
