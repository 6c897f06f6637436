<?php
require __DIR__ . '/support/check.php';

$queue = msg_get_queue(random_int(1, 0x7FFFFFFF), 0600);
$child = pcntl_fork();
if ($child === 0) {
    msg_receive($queue, 1, $type, 1000, $question);
    msg_send($queue, 2, ['answer' => $question['a'] + $question['b']]);
    exit(0);
}
same(true, msg_send($queue, 1, ['a' => 20, 'b' => 22]), 'a message to a child');
same(true, msg_receive($queue, 2, $type, 1000, $answer), 'its answer');
same(['answer' => 42], $answer, 'is right');
pcntl_waitpid($child, $status);
same(0, msg_stat_queue($queue)['msg_qnum'], 'nothing is left');
same(true, msg_remove_queue($queue), 'removed');
ok();
