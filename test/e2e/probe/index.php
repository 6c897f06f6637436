<?php
// The front page: what a visitor of the probe sees first.
header('Content-Type: application/json');
echo json_encode([
    'version' => trim(file_get_contents(__DIR__ . '/version.txt')),
    'php' => PHP_VERSION,
    'sapi' => PHP_SAPI,
    'uri' => $_SERVER['REQUEST_URI'],
    // As apps make addresses that browsers may keep: style.css?v=<time>.
    'style' => @filemtime(__DIR__ . '/style.css'),
]);
