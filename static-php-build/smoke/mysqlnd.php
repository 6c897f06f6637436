<?php
require __DIR__ . '/support/check.php';

check(str_starts_with(mysqli_get_client_info(), 'mysqlnd '), 'it is the client library');
$info = [];
ob_start();
(new ReflectionExtension('mysqlnd'))->info();
$page = ob_get_clean();
foreach (['Compression', 'core SSL', 'Loaded plugins'] as $line) {
    check(str_contains($page, $line), "phpinfo() says $line");
}
check(str_contains($page, 'auth_plugin_caching_sha2_password'), 'MySQL 8 authentication');
ok();
