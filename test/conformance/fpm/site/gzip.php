<?php
ini_set('zlib.output_compression', '1');
echo str_repeat('compressed by PHP ', 500);
