<?php
require __DIR__ . '/support/check.php';

$child = pcntl_fork();
if ($child === 0) {
    exit(7);
}
same($child, pcntl_waitpid($child, $status), 'a child');
same(7, pcntl_wexitstatus($status), 'its exit status');
pcntl_async_signals(true);
$seen = 0;
pcntl_signal(SIGUSR1, static function (int $signal) use (&$seen): void {
    $seen = $signal;
});
posix_kill(getmypid(), SIGUSR1);
same(SIGUSR1, $seen, 'a signal handler');
pcntl_sigprocmask(SIG_BLOCK, [SIGUSR2]);
posix_kill(getmypid(), SIGUSR2);
same(SIGUSR2, pcntl_sigtimedwait([SIGUSR2], $info, 5), 'a blocked signal waits');
$child = pcntl_fork();
if ($child === 0) {
    pcntl_exec('/bin/sh', ['-c', 'test "$WORD" = here'], ['WORD' => 'here']);
    exit(1);
}
pcntl_waitpid($child, $status);
same(0, pcntl_wexitstatus($status), 'exec with an environment');
$child = pcntl_fork();
if ($child === 0) {
    posix_kill(getmypid(), SIGKILL);
}
pcntl_waitpid($child, $status);
same(SIGKILL, pcntl_wtermsig($status), 'a killed child');
ok();
