<?php
require __DIR__ . '/support/check.php';

$document = new DOMDocument();
$document->loadXML('<shop><item id="a"><price>3</price></item>'
    . '<item id="b"><price>4</price></item></shop>');
$path = new DOMXPath($document);
same(7.0, $path->evaluate('sum(//price)'), 'XPath sum');
$note = $document->createElementNS('urn:x', 'x:note');
$note->textContent = 'ä & ö';
$document->documentElement->appendChild($note);
check(str_contains($document->saveXML(), '<x:note xmlns:x="urn:x">&#xE4; &amp; &#xF6;</x:note>'),
    'a namespaced element is written: ' . $document->saveXML());
$html = new DOMDocument();
$html->loadHTML('<p>One<p>Two', LIBXML_NOERROR);
same(2, $html->getElementsByTagName('p')->length, 'HTML 4 parser closes paragraphs');
$schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    . '<xs:element name="n" type="xs:int"/></xs:schema>';
$number = new DOMDocument();
$number->loadXML('<n>12</n>');
same(true, $number->schemaValidateSource($schema), 'XML Schema accepts');
libxml_use_internal_errors(true);
$number->loadXML('<n>twelve</n>');
same(false, $number->schemaValidateSource($schema), 'XML Schema refuses');
if (PHP_VERSION_ID >= 80400) {
    // The HTML5 parser (lexbor) and CSS selectors are new in 8.4.
    $page = Dom\HTMLDocument::createFromString(
        '<!doctype html><main><p class="a">x</p><p class="b">y</p></main>');
    same('y', $page->querySelector('main > p.b:last-child')->textContent, 'CSS selector');
}
ok();
