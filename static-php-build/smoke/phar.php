<?php
// ini: phar.readonly=0
require __DIR__ . '/support/check.php';

$dir = scratch();
$phar = new Phar("$dir/app.phar");
$phar['src/greet.php'] = '<?php return "hello from a phar";';
$phar['index.php'] = '<?php echo require __DIR__ . "/src/greet.php";';
$phar->setStub($phar->createDefaultStub('index.php'));
$key = openssl_pkey_new(['private_key_bits' => 2048]);
openssl_pkey_export($key, $private, null, ['config' => __DIR__ . '/fixtures/openssl.cnf']);
$phar->compressFiles(Phar::GZ);
$phar->setSignatureAlgorithm(Phar::OPENSSL, $private);
file_put_contents("$dir/app.phar.pubkey", openssl_pkey_get_details($key)['key']);
unset($phar);
same('hello from a phar', require "phar://$dir/app.phar/src/greet.php", 'a signed archive');
ob_start();
require "$dir/app.phar";
same('hello from a phar', ob_get_clean(), 'it runs by its stub');
$tar = new PharData("$dir/data.tar");
$tar->addFromString('a/b.txt', str_repeat('text ', 1000));
$tar->compress(Phar::BZ2);
same(5000, strlen(file_get_contents("phar://$dir/data.tar.bz2/a/b.txt")), 'tar.bz2');
(new PharData("$dir/data.tar.bz2"))->extractTo("$dir/out");
same(5000, filesize("$dir/out/a/b.txt"), 'is unpacked');
ok();
