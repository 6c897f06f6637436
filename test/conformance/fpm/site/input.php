<?php
header('Content-Type: application/json');
$raw = file_get_contents('php://input');
echo json_encode([
    'method' => $_SERVER['REQUEST_METHOD'],
    'type' => $_SERVER['CONTENT_TYPE'] ?? null,
    'length' => $_SERVER['CONTENT_LENGTH'] ?? null,
    'get' => $_GET,
    'post' => $_POST,
    'cookie' => $_COOKIE,
    'request' => $_REQUEST,
    'raw' => [strlen($raw), sha1($raw)],
    'raw again' => strlen(file_get_contents('php://input')),
    'files' => (static function (): array {
        $files = $_FILES;
        array_walk_recursive($files, static function (mixed &$value, string|int $key): void {
            if (is_string($value) && str_starts_with($value, sys_get_temp_dir() . '/php')) {
                $value = 'temporary file, uploaded ' . var_export(is_uploaded_file($value), true)
                    . ', ' . sha1_file($value);
            }
        });
        return $files;
    })(),
    'parsed' => $_SERVER['REQUEST_METHOD'] === 'PUT' && str_contains(
        $_SERVER['CONTENT_TYPE'] ?? '', 'urlencoded') ? request_parse_body()[0] : null,
], JSON_PRETTY_PRINT);
