<?php
require __DIR__ . '/support/check.php';

libxml_use_internal_errors(true);
same(false, simplexml_load_string('<a><b></a>'), 'a broken document is refused');
same(76, libxml_get_errors()[0]->code, 'with the error of the parser');
$entity = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>';
same('', (string) simplexml_load_string($entity), 'external entities stay out by default');
libxml_set_external_entity_loader(static fn () => null);
check(LIBXML_VERSION >= 20900, 'a version from this decade');
ok();
