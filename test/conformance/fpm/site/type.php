<?php
switch ($_GET['how'] ?? '') {
    case 'none':
        ini_set('default_mimetype', '');
        break;
    case 'charset':
        ini_set('default_charset', 'iso-8859-1');
        break;
    case 'text':
        header('Content-Type: text/css');
        break;
    case 'text-charset':
        header('Content-type: text/plain; charset=koi8-r');
        break;
    case 'binary':
        header('Content-Type: image/png');
        break;
    case 'removed':
        header_remove('Content-Type');
        break;
    case 'empty':
        header('Content-Type:');
        break;
    case 'length':
        header('Content-Length: 4');
        break;
    case 'disposition':
        header('Content-Disposition: attachment; filename="a b.txt"');
        break;
}
echo 'type';
