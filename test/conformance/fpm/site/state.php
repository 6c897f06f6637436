<?php
// Everything that one request must not leave to the next in the same process.
echo json_encode([
    getenv('LEFT_BEHIND'), setlocale(LC_ALL, '0'), getcwd() === __DIR__, ini_get('precision'),
    ini_get('memory_limit'), date_default_timezone_get(), umask(), error_reporting(),
    mb_internal_encoding(), isset($GLOBALS['left']), ob_get_level(), http_response_code(),
    function_exists('left_behind'), set_error_handler(null) === null, in_array('left', stream_get_wrappers(), true), ignore_user_abort(), gc_enabled(),
    sys_get_temp_dir() === '/nowhere', ini_get('session.name'), get_include_path(), spl_autoload_functions(),
    libxml_use_internal_errors(), headers_list(),
]);
