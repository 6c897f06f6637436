<?php
$file = sys_get_temp_dir() . '/phpack-fpm-' . preg_replace('/\W/', '', $_GET['mark'] ?? 'x');
for ($i = 0; $i < 100 && !file_exists($file); $i++) {
    usleep(20000);
    clearstatcache();
}
usleep(20000);
readfile($file);
unlink($file);
