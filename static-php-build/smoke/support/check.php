<?php
// What every smoke script starts with: warnings are errors, and a failed check ends the
// script with a message on stderr and status 1. The script's last word is ok().
declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    if ((error_reporting() & $level) === 0) {
        return false;
    }
    throw new ErrorException($message, 0, $level, $file, $line);
});
set_exception_handler(static function (Throwable $thrown): void {
    fwrite(STDERR, get_class($thrown) . ': ' . $thrown->getMessage() . ' at '
        . basename($thrown->getFile()) . ':' . $thrown->getLine() . "\n");
    exit(1);
});

$extension = basename($_SERVER['SCRIPT_FILENAME'], '.php');
check(extension_loaded($extension === 'opcache' ? 'Zend OPcache' : $extension),
    "extension $extension is loaded");

function check(bool $isTrue, string $what): void
{
    if (!$isTrue) {
        fwrite(STDERR, "failed: $what\n");
        exit(1);
    }
}

function same(mixed $expected, mixed $seen, string $what): void
{
    check($expected === $seen, $what . ': expected ' . var_export($expected, true)
        . ', saw ' . var_export($seen, true));
}

/** An address or path that the harness gives to scripts that declare `needs:`. */
function server(string $name): string
{
    $value = getenv('SMOKE_' . $name);
    check(is_string($value) && $value !== '', "the harness gives SMOKE_$name");
    return $value;
}

/** A fresh directory that is removed at the end of the script. */
function scratch(): string
{
    $dir = sys_get_temp_dir() . '/phpack-smoke-' . bin2hex(random_bytes(6));
    mkdir($dir, 0700);
    $owner = getmypid();
    register_shutdown_function(static function () use ($dir, $owner): void {
        if (getmypid() === $owner) {
            remove($dir);
        }
    });
    return $dir;
}

function remove(string $path): void
{
    if (is_dir($path) && !is_link($path)) {
        foreach (array_diff(scandir($path), ['.', '..']) as $name) {
            remove("$path/$name");
        }
        rmdir($path);
    } else {
        unlink($path);
    }
}

function ok(): void
{
    echo "ok\n";
}
