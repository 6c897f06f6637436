<?php
header("X-Bad: a\r\nX-Injected: b");
header("X-Folded: a\r\n b");
header("X-Nul: a\0b");
header('X-Good: 1');
echo 'done';
