<?php
header('Content-Type: application/json');
echo json_encode([
    'by getenv' => [getenv('REQUEST_URI'), getenv('HTTP_X_CUSTOM'), getenv('nothing')],
    'INPUT_SERVER' => filter_input(INPUT_SERVER, 'HTTP_X_CUSTOM'),
    '$_ENV' => $_ENV,
    '$argv' => [isset($argv), isset($_SERVER['argv'])],
    'STDIN' => [defined('STDIN'), defined('STDERR')],
    'working directory is the script\'s' => getcwd() === __DIR__,
    '__FILE__' => basename(__FILE__),
    'get_included_files' => array_map('basename', get_included_files()),
    'headers' => (static function (): array {
        $headers = array_change_key_case(getallheaders());
        ksort($headers);
        return $headers;
    })(),
    'same by alias' => apache_request_headers() === getallheaders(),
], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES);
