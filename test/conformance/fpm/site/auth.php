<?php
echo json_encode([$_SERVER['PHP_AUTH_USER'] ?? null, $_SERVER['PHP_AUTH_PW'] ?? null,
    $_SERVER['PHP_AUTH_DIGEST'] ?? null, $_SERVER['AUTH_TYPE'] ?? null,
    $_SERVER['HTTP_AUTHORIZATION'] ?? null, $_SERVER['REMOTE_USER'] ?? null]);
