<?php
// ini: apc.enabled=1 apc.enable_cli=1
require __DIR__ . '/support/check.php';

same(true, apcu_enabled(), 'APCu is on');
same(true, apcu_store('list', ['a' => [1, 2], 'o' => new ArrayObject([3])]), 'store');
same([1, 2], apcu_fetch('list')['a'], 'fetch');
same(false, apcu_add('list', 'other'), 'add does not replace');
same(1, apcu_inc('count'), 'a counter begins');
same(5, apcu_inc('count', 4), 'and goes up');
same(true, apcu_cas('count', 5, 9), 'compare and swap');
same('made', apcu_entry('lazy', static fn () => 'made'), 'an entry is made once');
// The memory is shared: what a child stores, the parent reads.
$child = pcntl_fork();
if ($child === 0) {
    apcu_store('child', 'was here');
    exit(0);
}
pcntl_waitpid($child, $status);
same('was here', apcu_fetch('child'), 'shared between processes');
check(iterator_count(new APCUIterator('/^c/')) === 2, 'iterator');
ok();
