<?php
require __DIR__ . '/support/check.php';

$file = scratch() . '/a.zip';
$zip = new ZipArchive();
same(true, $zip->open($file, ZipArchive::CREATE), 'a new archive');
$zip->addFromString('text.txt', str_repeat('compress me ', 1000));
$zip->addFile(__DIR__ . '/fixtures/plain.txt', 'dir/größe.txt');
$zip->addFromString('secret.txt', 'hidden');
same(true, $zip->setEncryptionName('secret.txt', ZipArchive::EM_AES_256, 'pass'), 'AES');
same(true, $zip->setCompressionName('text.txt', ZipArchive::CM_BZIP2), 'bzip2');
same(true, $zip->close(), 'is written');
$zip = new ZipArchive();
same(true, $zip->open($file, ZipArchive::RDONLY | ZipArchive::CHECKCONS), 'is consistent');
same(3, $zip->count(), 'entries');
same(12000, strlen($zip->getFromName('text.txt')), 'bzip2 is read');
check($zip->statName('text.txt')['comp_size'] < 500, 'it is compressed');
check(is_string($zip->getFromName('dir/größe.txt')), 'names in UTF-8');
same(false, @$zip->getFromName('secret.txt'), 'no password, no text');
$zip->setPassword('pass');
same('hidden', $zip->getFromName('secret.txt'), 'with it');
same("compress me ", substr(file_get_contents("zip://$file#text.txt"), 0, 12), 'zip:// stream');
ok();
