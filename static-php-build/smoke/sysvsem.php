<?php
require __DIR__ . '/support/check.php';

$semaphore = sem_get(random_int(1, 0x7FFFFFFF), 1, 0600);
same(true, sem_acquire($semaphore), 'acquire');
$child = pcntl_fork();
if ($child === 0) {
    // Without a wait it must not get in while the parent holds it.
    $isFree = sem_acquire($semaphore, true);
    exit($isFree ? 1 : 0);
}
pcntl_waitpid($child, $status);
same(0, pcntl_wexitstatus($status), 'another process is kept out');
same(true, sem_release($semaphore), 'release');
same(true, sem_acquire($semaphore, true), 'free again');
same(true, sem_release($semaphore), 'release');
same(true, sem_remove($semaphore), 'remove');
ok();
