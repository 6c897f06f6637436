<?php
// `?bytes=N` zeros, with their length unless `?chunked`.
$left = (int) $_GET['bytes'];
header('Content-Type: application/octet-stream');
if (!isset($_GET['chunked'])) {
    header("Content-Length: $left");
}
$block = str_repeat("\0", 1 << 18);
while ($left > 0) {
    echo $left < strlen($block) ? substr($block, 0, $left) : $block;
    $left -= strlen($block);
}
