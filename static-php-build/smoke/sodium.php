<?php
require __DIR__ . '/support/check.php';

$alice = sodium_crypto_box_keypair();
$bob = sodium_crypto_box_keypair();
$nonce = random_bytes(SODIUM_CRYPTO_BOX_NONCEBYTES);
$box = sodium_crypto_box('secret', $nonce, sodium_crypto_box_keypair_from_secretkey_and_publickey(
    sodium_crypto_box_secretkey($alice), sodium_crypto_box_publickey($bob)));
$other = sodium_crypto_box_keypair_from_secretkey_and_publickey(
    sodium_crypto_box_secretkey($bob), sodium_crypto_box_publickey($alice));
same('secret', sodium_crypto_box_open($box, $nonce, $other), 'a box');
same(false, sodium_crypto_box_open($box . 'x', $nonce, $other), 'a tampered one');
$pair = sodium_crypto_sign_keypair();
$signature = sodium_crypto_sign_detached('text', sodium_crypto_sign_secretkey($pair));
same(true, sodium_crypto_sign_verify_detached($signature, 'text',
    sodium_crypto_sign_publickey($pair)), 'Ed25519');
$hash = sodium_crypto_pwhash_str('pass', SODIUM_CRYPTO_PWHASH_OPSLIMIT_INTERACTIVE, 8388608);
same(true, sodium_crypto_pwhash_str_verify($hash, 'pass'), 'Argon2');
$key = sodium_crypto_aead_xchacha20poly1305_ietf_keygen();
$iv = random_bytes(24);
$cipher = sodium_crypto_aead_xchacha20poly1305_ietf_encrypt('m', 'ad', $iv, $key);
same('m', sodium_crypto_aead_xchacha20poly1305_ietf_decrypt($cipher, 'ad', $iv, $key), 'XChaCha');
same('0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
    sodium_bin2hex(sodium_crypto_generichash('')), 'BLAKE2b');
ok();
