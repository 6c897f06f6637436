<?php
header('Content-Type: application/octet-stream');
$block = str_repeat(implode('', array_map('chr', range(0, 255))), 256);
for ($i = 0; $i < (int) ($_GET['blocks'] ?? 1); $i++) {
    echo $block;
}
