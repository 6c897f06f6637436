<?php
require __DIR__ . '/support/check.php';
require __DIR__ . '/support/tiny-font.php';

$dir = scratch();
$image = imagecreatetruecolor(120, 80);
imagefill($image, 0, 0, imagecolorallocate($image, 255, 255, 255));
$blue = imagecolorallocate($image, 10, 20, 200);
imagefilledrectangle($image, 20, 20, 60, 60, $blue);
$formats = [
    'png' => ['imagepng', 'imagecreatefrompng', IMAGETYPE_PNG],
    'jpeg' => ['imagejpeg', 'imagecreatefromjpeg', IMAGETYPE_JPEG],
    'webp' => ['imagewebp', 'imagecreatefromwebp', IMAGETYPE_WEBP],
    'gif' => ['imagegif', 'imagecreatefromgif', IMAGETYPE_GIF],
];
foreach ($formats as $name => [$write, $read, $type]) {
    same(true, $write($image, "$dir/picture.$name"), "$name is written");
    same($type, getimagesize("$dir/picture.$name")[2], "$name is what it says");
    $back = $read("$dir/picture.$name");
    $pixel = imagecolorsforindex($back, imagecolorat($back, 40, 40));
    check($pixel['blue'] > 150 && $pixel['red'] < 60, "$name keeps the blue square");
}
$small = imagescale($image, 60, 40, IMG_BICUBIC);
same([60, 40], [imagesx($small), imagesy($small)], 'scaled');
same(80, imagesx(imagerotate($image, 90, 0)), 'rotated');
same(true, imagefilter($small, IMG_FILTER_GAUSSIAN_BLUR), 'filtered');

file_put_contents("$dir/tiny.ttf", tinyFont());
$canvas = imagecreatetruecolor(100, 50);
$ink = imagecolorallocate($canvas, 255, 0, 0);
$box = imagettftext($canvas, 30, 0, 10, 45, $ink, "$dir/tiny.ttf", 'AA');
check(is_array($box) && $box[2] > $box[0], 'FreeType gives a bounding box');
$inked = 0;
for ($x = 0; $x < 100; $x++) {
    $inked += imagecolorat($canvas, $x, 35) === $ink ? 1 : 0;
}
check($inked > 20 && $inked < 90, "FreeType drew the two squares: $inked of 100 pixels");
ok();
