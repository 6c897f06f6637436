<?php
require __DIR__ . '/support/check.php';

$xml = simplexml_load_string('<shop xmlns:p="urn:p"><item id="1"><p:price>3</p:price></item>'
    . '<item id="2">two &amp; more</item></shop>');
same('two & more', (string) $xml->item[1], 'text');
same('2', (string) $xml->item[1]['id'], 'attribute');
same('3', (string) $xml->item[0]->children('urn:p')->price, 'namespace');
same(['1', '2'], array_map(strval(...), $xml->xpath('//item/@id')), 'XPath');
$xml->addChild('item', 'ä')->addAttribute('id', '3');
check(str_contains($xml->asXML(), '<item id="3">'), 'written');
same(3, $xml->item->count(), 'counted');
check(dom_import_simplexml($xml) instanceof DOMElement, 'shared with DOM');
ok();
