<?php
require __DIR__ . '/support/check.php';

spl_autoload_register(static function (string $class): void {
    if ($class === 'Made\\OnDemand') {
        eval('namespace Made; final class OnDemand {}');
    }
});
check(class_exists('Made\\OnDemand'), 'autoloading');
$queue = new SplPriorityQueue();
$queue->insert('low', 1);
$queue->insert('high', 9);
same('high', $queue->extract(), 'a priority queue');
$list = new SplDoublyLinkedList();
$list->push(1);
$list->unshift(0);
same([0, 1], iterator_to_array($list), 'a linked list');
$tree = new RecursiveIteratorIterator(new RecursiveArrayIterator([1, [2, [3]]]));
same([1, 2, 3], iterator_to_array($tree, false), 'recursive iterators');
$names = [];
foreach (new RecursiveDirectoryIterator(__DIR__, FilesystemIterator::SKIP_DOTS) as $file) {
    $names[] = $file->getFilename();
}
check(in_array('spl.php', $names, true), 'a directory');
$fixed = SplFixedArray::fromArray([1, 2]);
try {
    $fixed[2] = 3;
    check(false, 'a fixed array grew');
} catch (RuntimeException) {
}
$file = new SplFileObject(__DIR__ . '/fixtures/plain.txt');
check(strlen($file->fgets()) > 0, 'a file object');
ok();
