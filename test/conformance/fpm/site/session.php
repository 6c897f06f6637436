<?php
session_name('SID');
session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
echo 'visit ', $_SESSION['visits'], ' ', strlen(session_id());
