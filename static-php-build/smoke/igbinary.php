<?php
require __DIR__ . '/support/check.php';

$value = ['id' => 7, 'tags' => array_fill(0, 50, 'the same tag'), 'when' => new DateTime('2024-01-01')];
$packed = igbinary_serialize($value);
check(strlen($packed) < strlen(serialize($value)) / 2, 'smaller than serialize()');
check(igbinary_unserialize($packed) == $value, 'comes back equal');
$shared = new stdClass();
$twice = igbinary_unserialize(igbinary_serialize([$shared, $shared]));
check($twice[0] === $twice[1], 'identity inside the value is kept');
ini_set('session.serialize_handler', 'igbinary');
same('igbinary', ini_get('session.serialize_handler'), 'the session handler is registered');
ok();
