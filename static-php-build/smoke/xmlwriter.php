<?php
require __DIR__ . '/support/check.php';

$writer = new XMLWriter();
$writer->openMemory();
$writer->setIndent(true);
$writer->startDocument('1.0', 'UTF-8');
$writer->startElementNs('p', 'shop', 'urn:shop');
$writer->writeAttribute('name', 'a "quoted" <name>');
$writer->writeElement('price', '3 & more');
$writer->startCdata();
$writer->text('raw <b>');
$writer->endCdata();
$writer->endElement();
$writer->endDocument();
$text = $writer->outputMemory();
$document = new DOMDocument();
check($document->loadXML($text), 'it is well formed');
same('a "quoted" <name>', $document->documentElement->getAttribute('name'), 'escaped');
check(str_contains($text, '<![CDATA[raw <b>]]>'), 'CDATA');
check(str_contains($text, "\n <price>3 &amp; more</price>"), 'indented');
ok();
