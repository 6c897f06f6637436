<?php
// ini: opcache.enable_cli=1 opcache.jit=tracing opcache.jit_buffer_size=16M opcache.jit_hot_loop=8
// ini: opcache.file_update_protection=0
require __DIR__ . '/support/check.php';

$status = opcache_get_status();
same(true, $status['opcache_enabled'], 'the cache is on');
$dir = scratch();
file_put_contents("$dir/cached.php", '<?php return ["answer" => 42];');
same(true, opcache_compile_file("$dir/cached.php"), 'a file is compiled');
same(true, opcache_is_script_cached("$dir/cached.php"), 'and cached');
same(['answer' => 42], require "$dir/cached.php", 'and runs');
same(true, opcache_invalidate("$dir/cached.php", true), 'and is forgotten');
same(true, $status['jit']['on'], 'the JIT is on');

function collatz(int $n): int
{
    for ($steps = 0; $n !== 1; $steps++) {
        $n = $n % 2 === 0 ? intdiv($n, 2) : 3 * $n + 1;
    }
    return $steps;
}
$longest = 0;
for ($i = 1; $i < 20000; $i++) {
    $longest = max($longest, collatz($i));
}
same(278, $longest, 'compiled code computes the same');
$jit = opcache_get_status()['jit'];
check($jit['buffer_free'] < $status['jit']['buffer_free'], 'machine code was written');
ok();
