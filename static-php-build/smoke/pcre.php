<?php
// ini: pcre.jit=1
require __DIR__ . '/support/check.php';

same(1, preg_match('/(?<year>\d{4})-(?<month>\d\d)/', 'on 2024-05-01', $match), 'a match');
same('05', $match['month'], 'a named group');
same(1, preg_match('/^\p{Lu}\p{Ll}+$/u', 'Ärger'), 'Unicode properties');
same('Smith, Jo', preg_replace('/(\w+) (\w+)/', '$2, $1', 'Jo Smith'), 'replace');
same('A-B', preg_replace_callback('/[a-z]/', static fn ($m) => strtoupper($m[0]), 'a-b'),
    'callback');
same(['a', 'b', 'c'], preg_split('/[,;]\s*/', 'a, b;c'), 'split');
same(false, @preg_match('/(?:\D+|<\d+>)*[!?]/', str_repeat('foobar', 5000)), 'a runaway ends');
same('1', ini_get('pcre.jit'), 'the JIT is on');
// Without JIT stack this pattern is refused; it also shows that JIT code may run at all.
same(1, preg_match('/^(a|b)*$/', str_repeat('ab', 500)), 'a JIT-compiled pattern');
ok();
