<?php
// ini: ffi.enable=1
require __DIR__ . '/support/check.php';

$libc = FFI::cdef('
    size_t strlen(const char *s);
    typedef int (*compare)(const int *, const int *);
    void qsort(int *base, size_t nmemb, size_t size, compare c);
    int snprintf(char *str, size_t size, const char *format, ...);
    struct div { int quot; int rem; };
    struct div div(int numerator, int denominator);
', 'libc.so.6');
same(6, $libc->strlen('phpack'), 'a libc function');
$numbers = $libc->new('int[4]');
foreach ([30, 10, 40, 20] as $i => $number) {
    $numbers[$i] = $number;
}
$libc->qsort($numbers, 4, 4, static fn ($a, $b) => $a[0] <=> $b[0]);
same([10, 20, 30, 40], [$numbers[0], $numbers[1], $numbers[2], $numbers[3]],
    'a PHP callback called from C');
$buffer = $libc->new('char[32]');
$libc->snprintf($buffer, 32, '%05.1f|%s', 3.25, 'x');
same('003.2|x', FFI::string($buffer), 'a variadic function');
$parts = $libc->div(17, 5);
same([3, 2], [$parts->quot, $parts->rem], 'a struct by value');
ok();
