<?php
require __DIR__ . '/support/check.php';

// Each of these needs a different part of ICU's data, so a stripped data file fails here.
$words = ['zebra', 'ähre', 'Apfel', 'ofen', 'öl'];
(new Collator('de_DE'))->sort($words);
same(['ähre', 'Apfel', 'ofen', 'öl', 'zebra'], $words, 'German order');
(new Collator('sv_SE'))->sort($words);
same(['Apfel', 'ofen', 'zebra', 'ähre', 'öl'], $words, 'Swedish order');
same('1.234.567,891', (new NumberFormatter('de_DE', NumberFormatter::DECIMAL))
    ->format(1234567.891), 'German number');
check(str_contains((new NumberFormatter('ja_JP', NumberFormatter::CURRENCY))
    ->formatCurrency(5000, 'JPY'), '5,000'), 'Yen');
same('forty-two', (new NumberFormatter('en', NumberFormatter::SPELLOUT))->format(42),
    'spelled out');
$message = 'Es {n, plural, =0 {gibt keine Dateien} one {gibt # Datei} other {gibt # Dateien}}';
same('Es gibt 3 Dateien', MessageFormatter::formatMessage('de', $message, ['n' => 3]), 'plural');
$date = new IntlDateFormatter('fr_FR', IntlDateFormatter::FULL, IntlDateFormatter::NONE,
    'Europe/Paris');
same('mercredi 1 mai 2024', $date->format(1714557600), 'French date');
$calendar = IntlCalendar::createInstance('Asia/Tokyo', 'ja_JP@calendar=japanese');
$calendar->setTime(1714557600000);
same(6, $calendar->get(IntlCalendar::FIELD_YEAR), 'Reiwa 6');
same('Moskva', Transliterator::create('Russian-Latin/BGN')->transliterate('Москва'),
    'transliteration');
same("\u{E9}", Normalizer::normalize("e\u{301}", Normalizer::FORM_C), 'normal form');
$breaks = IntlBreakIterator::createWordInstance('th');
$breaks->setText('ภาษาไทย');
check(iterator_count($breaks->getPartsIterator()) >= 2, 'Thai words by dictionary');
same('xn--mnchen-3ya.de', idn_to_ascii('münchen.de'), 'IDN');
same(3, grapheme_strlen("e\u{301}👨‍👩‍👧x"), 'graphemes');
same('Allemagne', Locale::getDisplayRegion('de_DE', 'fr'), 'names of regions');
same('EUR', ResourceBundle::create('root', 'ICUDATA-curr')->get('Currencies')->get('EUR')->get(0)
    === '€' ? 'EUR' : '', 'resource bundles');
check((new Spoofchecker())->isSuspicious("p\u{430}ypal"), 'look-alikes');
check(UConverter::transcode('日本', 'EUC-JP', 'UTF-8') === "\xC6\xFC\xCB\xDC", 'converter');
ok();
