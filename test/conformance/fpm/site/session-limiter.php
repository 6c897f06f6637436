<?php
session_cache_limiter($_GET['limiter'] ?? 'public');
session_start(['use_cookies' => 0]);
echo 'limited';
session_destroy();
