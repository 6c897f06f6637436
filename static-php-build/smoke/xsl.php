<?php
require __DIR__ . '/support/check.php';

$sheet = new DOMDocument();
$sheet->loadXML(<<<'XML'
    <xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
        xmlns:php="http://php.net/xsl" xmlns:str="http://exslt.org/strings"
        exclude-result-prefixes="php str">
      <xsl:output method="html"/>
      <xsl:param name="title"/>
      <xsl:template match="/list">
        <h1><xsl:value-of select="$title"/></h1>
        <xsl:for-each select="item">
          <xsl:sort select="." order="descending"/>
          <p><xsl:value-of select="php:function('strtoupper', string(.))"/></p>
        </xsl:for-each>
        <i><xsl:value-of select="count(str:tokenize('a-b-c', '-'))"/></i>
      </xsl:template>
    </xsl:stylesheet>
    XML);
$processor = new XSLTProcessor();
$processor->importStylesheet($sheet);
$processor->registerPHPFunctions(['strtoupper']);
$processor->setParameter('', 'title', 'List');
$source = new DOMDocument();
$source->loadXML('<list><item>a</item><item>b</item></list>');
same('<h1>List</h1><p>B</p><p>A</p><i>3</i>', trim($processor->transformToXml($source)),
    'sorted, by a PHP function, by EXSLT');
same(true, $processor->hasExsltSupport(), 'EXSLT');
ok();
