<?php
declare(strict_types=1);

/** A TrueType font of two glyphs, so that no font file is needed: `A` is a full square. */
function tinyFont(): string
{
    $square = pack('n5', 1, 100, 0, 900, 800)      // contours, xMin, yMin, xMax, yMax
        . pack('n2', 3, 0)                          // last point, no instructions
        . str_repeat("\x01", 4)                     // four points on the curve
        . pack('n4', 100, 800, 0, 0x10000 - 800)    // x, each relative to the last
        . pack('n4', 0, 0, 800, 0);                 // y
    $map = pack('n7', 4, 32, 0, 4, 4, 1, 0) . pack('n2', 65, 0xFFFF) . pack('n', 0)
        . pack('n2', 65, 0xFFFF) . pack('n2', 0x10000 - 64, 1) . pack('n2', 0, 0);
    $tables = [
        'OS/2' => pack('n', 0) . str_repeat("\0", 66) . pack('n5', 800, 0, 0, 800, 0),
        'cmap' => pack('n4N', 0, 1, 3, 1, 12) . $map,
        'glyf' => $square,
        'head' => pack('N4', 0x10000, 0x10000, 0, 0x5F0F3CF5) . pack('n2', 0, 1000)
            . str_repeat("\0", 16) . pack('n9', 100, 0, 900, 800, 0, 8, 2, 0, 0),
        'hhea' => pack('N', 0x10000) . pack('n4', 800, 0, 0, 1000) . str_repeat("\0", 22)
            . pack('n', 2),
        'hmtx' => pack('n4', 1000, 0, 1000, 100),
        'loca' => pack('n3', 0, 0, intdiv(strlen($square), 2)),
        'maxp' => pack('N', 0x10000) . pack('n14', 2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        'name' => pack('n3', 0, 0, 6),
        'post' => pack('N', 0x30000) . str_repeat("\0", 28),
    ];
    $directory = pack('N', 0x10000) . pack('n4', count($tables), 128, 3, 32);
    $offset = 12 + 16 * count($tables);
    $data = '';
    foreach ($tables as $tag => $table) {
        $directory .= $tag . pack('N3', 0, $offset + strlen($data), strlen($table));
        $data .= $table . str_repeat("\0", -strlen($table) & 3);
    }
    return $directory . $data;
}
