<?php
require __DIR__ . '/support/check.php';

$parser = xml_parser_create('UTF-8');
xml_parser_set_option($parser, XML_OPTION_CASE_FOLDING, false);
$seen = [];
xml_set_element_handler($parser,
    static function ($parser, string $name, array $attributes) use (&$seen): void {
        $seen[] = "<$name " . json_encode($attributes) . '>';
    },
    static function ($parser, string $name) use (&$seen): void {
        $seen[] = "</$name>";
    });
xml_set_character_data_handler($parser, static function ($parser, string $text) use (&$seen): void {
    $seen[] = $text;
});
same(1, xml_parse($parser, '<a x="1"><b>t'), 'the first part');
same(1, xml_parse($parser, 'ext</b></a>', true), 'the second part');
same('<a {"x":"1"}><b []>text</b></a>', implode('', $seen), 'events');
$parser = xml_parser_create();
same(0, xml_parse($parser, '<a><b></a>', true), 'a broken document');
same('Mismatched tag', xml_error_string(xml_get_error_code($parser)), 'and why');
ok();
