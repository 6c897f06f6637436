<?php
require __DIR__ . '/support/check.php';

// A JPEG as a camera writes it: an APP1 segment with IFD0 (Make, Orientation, a pointer)
// and an Exif IFD (ExposureTime), little endian, in front of a 1 x 1 picture.
function entry(int $tag, int $type, int $count, string $value): string
{
    return pack('vvV', $tag, $type, $count) . str_pad($value, 4, "\0");
}
$make = "phpack\0";
$ifd0 = pack('v', 3)
    . entry(0x010F, 2, strlen($make), pack('V', 50))
    . entry(0x0112, 3, 1, pack('v', 6))
    . entry(0x8769, 4, 1, pack('V', 58))
    . pack('V', 0);
check(strlen($ifd0) === 42, 'the first directory ends at offset 50');
$exifIfd = pack('v', 1) . entry(0x829A, 5, 1, pack('V', 76)) . pack('V', 0);
$tiff = "II*\0" . pack('V', 8) . $ifd0 . str_pad($make, 8, "\0") . $exifIfd
    . pack('VV', 1, 250);
$app1 = "Exif\0\0" . $tiff;
$jpeg = base64_decode('/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////'
    . '////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAAB'
    . 'AAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z');
$file = scratch() . '/photo.jpg';
file_put_contents($file,
    substr($jpeg, 0, 2) . "\xFF\xE1" . pack('n', strlen($app1) + 2) . $app1 . substr($jpeg, 2));

$data = exif_read_data($file, null, true);
same('phpack', $data['IFD0']['Make'], 'Make');
same(6, $data['IFD0']['Orientation'], 'Orientation');
same('1/250', $data['EXIF']['ExposureTime'], 'ExposureTime');
same(1, $data['COMPUTED']['Width'], 'width of the picture');
same(IMAGETYPE_JPEG, exif_imagetype($file), 'image type');
same('Orientation', exif_tagname(0x0112), 'tag name');
ok();
