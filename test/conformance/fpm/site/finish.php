<?php
echo 'before ', var_export(function_exists('fastcgi_finish_request'), true);
if (isset($_GET['header'])) {
    header('X-Finish: 1');
}
$file = sys_get_temp_dir() . '/phpack-fpm-' . preg_replace('/\W/', '', $_GET['mark'] ?? 'x');
$result = fastcgi_finish_request();
echo 'after: never seen';
header('X-Too-Late: 1');
file_put_contents($file, var_export([$result, fastcgi_finish_request(), headers_sent(),
    connection_status(), ob_get_level()], true));
