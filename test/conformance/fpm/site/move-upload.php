<?php
$to = tempnam(sys_get_temp_dir(), 'moved');
var_dump(move_uploaded_file($_FILES['file']['tmp_name'], $to), filesize($to));
var_dump(file_exists($_FILES['file']['tmp_name']), @move_uploaded_file(__FILE__, "$to.php"));
unlink($to);
