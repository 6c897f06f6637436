<?php
require __DIR__ . '/support/check.php';

/** A compiled catalogue, as msgfmt writes it (format revision 0, no hash table). */
function catalogue(array $messages): string
{
    ksort($messages);
    $count = count($messages);
    $offset = 28 + 16 * $count;
    $originals = $translations = $strings = '';
    foreach (array_keys($messages) as $text) {
        $originals .= pack('VV', strlen($text), $offset + strlen($strings));
        $strings .= $text . "\0";
    }
    foreach ($messages as $text) {
        $translations .= pack('VV', strlen($text), $offset + strlen($strings));
        $strings .= $text . "\0";
    }
    return pack('V7', 0x950412DE, 0, $count, 28, 28 + 8 * $count, 0, 0)
        . $originals . $translations . $strings;
}

// C.UTF-8 is the one UTF-8 locale that every system has, but glibc translates nothing in it:
// under another name it is a locale like any other.
$dir = scratch();
$compiled = current(array_filter(['/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8'], 'is_dir'));
if ($compiled) {
    mkdir("$dir/locales");
    symlink($compiled, "$dir/locales/de_DE.utf8");
    putenv("LOCPATH=$dir/locales");
}
$locale = setlocale(LC_ALL, $compiled ? 'de_DE.UTF-8' : 'C.UTF-8');
check(is_string($locale), 'there is a locale to translate in');
mkdir("$dir/$locale/LC_MESSAGES", 0700, true);
file_put_contents("$dir/$locale/LC_MESSAGES/shop.mo", catalogue([
    '' => "Content-Type: text/plain; charset=UTF-8\n"
        . "Plural-Forms: nplurals=2; plural=(n != 1);\n",
    'Good morning' => 'Guten Morgen, schöne Grüße',
    "%d file\0%d files" => "%d Datei\0%d Dateien",
]));
same($dir, bindtextdomain('shop', $dir), 'the domain is bound');
bind_textdomain_codeset('shop', 'UTF-8');
same('shop', textdomain('shop'), 'the domain is chosen');
same('Guten Morgen, schöne Grüße', gettext('Good morning'), 'a message');
same('%d Dateien', ngettext('%d file', '%d files', 3), 'the plural');
same('%d Datei', ngettext('%d file', '%d files', 1), 'the singular');
same('unknown', _('unknown'), 'a message without translation');
ok();
