<?php
require __DIR__ . '/support/check.php';

same('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    hash('sha256', 'abc'), 'SHA-256');
same('3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
    hash('sha3-256', 'abc'), 'SHA-3');
same('44bc2cf5ad770999', hash('xxh64', 'abc'), 'xxHash');
same('750c783e6ab0b503eaa86e310a5db738',
    hash_hmac('md5', 'what do ya want for nothing?', 'Jefe'), 'HMAC of RFC 2202');
same('ea6c014dc72d6f8ccd1ed92ace1d41f0',
    substr(hash_pbkdf2('sha1', 'password', 'salt', 2), 0, 32), 'PBKDF2 of RFC 6070');
ok();
