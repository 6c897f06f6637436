<?php
require __DIR__ . '/support/check.php';

enum Suit: string
{
    case Hearts = 'H';
    case Spades = 'S';
}
final class Counter
{
    public int $count = 0 {
        set(int $value) => max(0, $value);
    }
    public function __construct(public readonly string $name)
    {
    }
}
$counter = new Counter('c');
$counter->count = -5;
same(0, $counter->count, 'a property hook');
try {
    (function () use ($counter) { $counter->name = 'other'; })();
    check(false, 'a readonly property was written');
} catch (Error $error) {
    check(str_contains($error->getMessage(), 'readonly'), 'a readonly property is kept');
}
same('S', Suit::from('S')->value, 'an enumeration');
$fiber = new Fiber(static fn (int $x): int => Fiber::suspend($x * 2) + 1);
same(42, $fiber->start(21), 'a fiber hands out a value');
$fiber->resume(9);
same(10, $fiber->getReturn(), 'and ends with one');
$numbers = (static function (): Generator {
    yield from [1, 2];
    return 3;
})();
same([1, 2], iterator_to_array($numbers), 'a generator');
same('big', match (true) { 5 > 3 => 'big', default => 'small' }, 'match');
same(2, array_find([1, 2, 3], static fn (int $n): bool => $n > 1), 'a function of 8.4');
$weak = new WeakMap();
$weak[$counter] = 1;
unset($counter);
gc_collect_cycles();
same(0, count($weak), 'a weak map forgets');
same(8, PHP_INT_SIZE, '64 bit');
ok();
