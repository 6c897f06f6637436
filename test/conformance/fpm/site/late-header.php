<?php
var_dump(headers_sent());
echo 'first';
flush();
var_dump(headers_sent($file, $line), basename($file), $line);
header('X-Late: 1');
http_response_code(500);
setcookie('late', '1');
