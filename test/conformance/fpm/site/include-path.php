<?php
echo (include 'part.inc'), ' ', (include __DIR__ . '/part.inc');
