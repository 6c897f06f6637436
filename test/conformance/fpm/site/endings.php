<?php
final class Last
{
    public function __destruct()
    {
        echo ' destructor';
    }
}
$last = new Last();
register_shutdown_function(static function (): void {
    echo ' shutdown', var_export(headers_sent(), true);
    register_shutdown_function(static function (): void {
        echo ' nested';
    });
});
switch ($_GET['how'] ?? '') {
    case 'exit-text':
        exit('text');
    case 'exit-number':
        exit(5);
    case 'exit-in-buffer':
        ob_start(static fn (string $text): string => "<$text>");
        echo 'buffered';
        exit;
    case 'exit-in-shutdown':
        register_shutdown_function(static function (): void {
            echo ' leaving';
            exit(3);
        });
        register_shutdown_function(static function (): void {
            echo ' never';
        });
        break;
    case 'throw-in-shutdown':
        register_shutdown_function(static function (): void {
            throw new LogicException('in shutdown');
        });
        break;
}
echo 'end';
