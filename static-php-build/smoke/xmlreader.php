<?php
require __DIR__ . '/support/check.php';

$file = scratch() . '/large.xml';
file_put_contents($file, '<list>' . str_repeat('<item n="1">text</item>', 20000) . '</list>');
$reader = new XMLReader();
$reader->open($file);
for ($count = 0; $reader->read();) {
    if ($reader->nodeType === XMLReader::ELEMENT && $reader->name === 'item') {
        $count += (int) $reader->getAttribute('n');
    }
}
same(20000, $count, 'a large file in pieces');
$reader = XMLReader::fromString('<a><b>one</b><b>two</b></a>');
while ($reader->read() && $reader->name !== 'b') {
}
$reader->next('b');
same('two', $reader->readString(), 'next()');
check($reader->expand() instanceof DOMElement, 'expanded to DOM');
ok();
