<?php
echo 'front controller: ', json_encode([
    $_SERVER['REQUEST_URI'], $_SERVER['SCRIPT_NAME'], $_SERVER['PHP_SELF'],
    $_SERVER['QUERY_STRING'], array_map('bin2hex', $_GET),
], JSON_INVALID_UTF8_SUBSTITUTE);
