<?php
ini_set('display_errors', $_GET['display'] ?? '1');
if (isset($_GET['output'])) {
    echo 'output before';
}
if (isset($_GET['flush'])) {
    flush();
}
switch ($_GET['how'] ?? '') {
    case 'exception':
        throw new RuntimeException('thrown', 7, new LogicException('before'));
    case 'undefined':
        no_such_function();
    case 'parse':
        eval('if (');
    case 'memory':
        $list = [];
        while (true) {
            $list[] = str_repeat('x', 1 << 20);
        }
    case 'recursion':
        ini_set('zend.max_allowed_stack_size', '-1');
        $f = static function () use (&$f) {
            return str_repeat('x', 1 << 16) . $f();
        };
        $f();
    case 'time':
        set_time_limit(1);
        while (true) {
        }
    case 'require':
        require 'no/such/file.php';
    case 'trigger':
        trigger_error('a user error', E_USER_ERROR);
    case 'warning':
        echo $undefined, [][0], 'after';
        break;
    case 'handler':
        set_error_handler(static function (int $level, string $message): bool {
            echo "handled $level ";
            return true;
        });
        echo $undefined, 'after';
        break;
    case 'exception-handler':
        set_exception_handler(static function (Throwable $thrown): void {
            http_response_code(422);
            echo 'handled ', $thrown->getMessage();
        });
        throw new RuntimeException('thrown');
}
