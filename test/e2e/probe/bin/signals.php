<?php
// Says that it is ready, then tells of the signal it got and ends with 5.
pcntl_async_signals(true);
foreach ([SIGTERM, SIGINT, SIGHUP] as $signal) {
    pcntl_signal($signal, function (int $number): never {
        echo "signal $number\n";
        exit(5);
    });
}
echo "ready\n";
for (;;) {
    usleep(10_000);
}
