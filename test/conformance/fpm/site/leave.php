<?php
putenv('LEFT_BEHIND=1');
putenv('TMPDIR=/nowhere');
setlocale(LC_ALL, 'C.UTF-8');
chdir('/');
ini_set('precision', '3');
ini_set('memory_limit', '256M');
ini_set('session.name', 'left');
date_default_timezone_set('Asia/Tokyo');
umask(0777);
error_reporting(0);
mb_internal_encoding('SJIS');
$GLOBALS['left'] = true;
ob_start();
http_response_code(201);
function left_behind(): void
{
}
set_error_handler(static fn (): bool => true);
stream_wrapper_register('left', stdClass::class);
ignore_user_abort(true);
gc_disable();
set_include_path('/left');
spl_autoload_register(static fn () => null);
libxml_use_internal_errors(true);
echo 'left';
