<?php
require __DIR__ . '/support/check.php';

same(getmypid(), posix_getpid(), 'process id');
// The passwd database goes through nsswitch, which a static program easily loses.
same('root', posix_getpwuid(0)['name'], 'a user by number');
same(0, posix_getpwnam('root')['uid'], 'a user by name');
same('root', posix_getgrgid(0)['name'], 'a group');
check(posix_getrlimit()['soft openfiles'] !== '', 'limits');
same('Linux', posix_uname()['sysname'], 'system');
same(false, posix_isatty(STDIN), 'no terminal');
same(false, posix_kill(getmypid() + 100000000, 0), 'no such process');
same(3, posix_get_last_error(), 'ESRCH');
check(posix_times()['ticks'] > 0, 'times');
same(true, posix_access(__FILE__, POSIX_R_OK), 'access');
ok();
