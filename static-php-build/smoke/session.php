<?php
require __DIR__ . '/support/check.php';

$options = ['save_path' => scratch(), 'use_cookies' => 0, 'cache_limiter' => '',
    'use_strict_mode' => 1];
check(session_start($options), 'a session begins');
$id = session_id();
same(32, strlen($id), 'an id');
$_SESSION['cart'] = ['a' => 1, 'object' => new ArrayObject([2])];
session_write_close();
$_SESSION = [];
session_start($options);
same(1, $_SESSION['cart']['a'], 'what was stored comes back');
same(2, $_SESSION['cart']['object'][0], 'objects too');
check(session_regenerate_id(true) && session_id() !== $id, 'a new id');
same(1, $_SESSION['cart']['a'], 'with the same contents');
session_destroy();
session_id($id);
session_start($options);
check(session_id() !== $id, 'strict mode refuses an id that is not known');
session_destroy();
ok();
