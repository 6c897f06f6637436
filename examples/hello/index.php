<?php

$name = $_GET['name'] ?? 'world';

?>
<!doctype html>
<meta charset="utf-8">
<title>Hello</title>
<h1>Hello, <?= htmlspecialchars($name) ?>!</h1>
<p>PHP <?= PHP_VERSION ?> answers as <?= PHP_SAPI ?>.</p>
