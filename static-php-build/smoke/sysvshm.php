<?php
require __DIR__ . '/support/check.php';

$memory = shm_attach(random_int(1, 0x7FFFFFFF), 10000, 0600);
same(true, shm_put_var($memory, 1, ['list' => [1, 2, 3]]), 'put');
$child = pcntl_fork();
if ($child === 0) {
    shm_put_var($memory, 2, count(shm_get_var($memory, 1)['list']));
    exit(0);
}
pcntl_waitpid($child, $status);
same(3, shm_get_var($memory, 2), 'shared with a child');
same(true, shm_remove_var($memory, 2), 'remove a variable');
same(false, shm_has_var($memory, 2), 'it is gone');
same(true, shm_remove($memory), 'remove all');
ok();
