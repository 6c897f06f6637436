<?php
// Never ends by itself. `?how=busy` burns, `?how=sleep` sleeps; the pid comes first.
set_time_limit(0);
header('X-Pid: ' . getmypid());
if (isset($_GET['pidfile'])) {
    file_put_contents(__DIR__ . '/data/' . basename($_GET['pidfile']), getmypid());
}
if (isset($_GET['flush'])) {
    echo getmypid(), "\n";
    flush();
}
for (;;) {
    if ($_GET['how'] === 'sleep') {
        sleep(1);
    }
}
