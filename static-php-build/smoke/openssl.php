<?php
// needs: tls
require __DIR__ . '/support/check.php';

// An authority and a certificate of our own making.
$key = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
$request = openssl_csr_new(['commonName' => 'smoke authority'], $key, ['digest_alg' => 'sha256',
    'config' => __DIR__ . '/fixtures/openssl.cnf', 'x509_extensions' => 'authority']);
$authority = openssl_csr_sign($request, null, $key, 1, ['digest_alg' => 'sha256',
    'config' => __DIR__ . '/fixtures/openssl.cnf', 'x509_extensions' => 'authority']);
$hostKey = openssl_pkey_new(['private_key_bits' => 2048]);
$request = openssl_csr_new(['commonName' => 'localhost'], $hostKey, ['digest_alg' => 'sha256',
    'config' => __DIR__ . '/fixtures/openssl.cnf']);
$certificate = openssl_csr_sign($request, $authority, $key, 1, ['digest_alg' => 'sha256',
    'config' => __DIR__ . '/fixtures/openssl.cnf', 'x509_extensions' => 'host'], 7);
same(1, openssl_x509_verify($certificate, openssl_pkey_get_public($authority)), 'signed by it');
same('localhost', openssl_x509_parse($certificate)['subject']['CN'], 'the name in it');
$dir = scratch();
openssl_x509_export_to_file($authority, "$dir/ca.pem");
openssl_x509_export_to_file($certificate, "$dir/host.pem");
openssl_pkey_export_to_file($hostKey, "$dir/host.key", null,
    ['config' => __DIR__ . '/fixtures/openssl.cnf']);

// A TLS server in a child, a verifying client here.
$server = stream_socket_server('tlsv1.3://127.0.0.1:0', context: stream_context_create(['ssl' =>
    ['local_cert' => "$dir/host.pem", 'local_pk' => "$dir/host.key"]]));
[, $port] = explode(':', stream_socket_get_name($server, false));
$child = pcntl_fork();
if ($child === 0) {
    for ($i = 0; $i < 2; $i++) {
        $peer = @stream_socket_accept($server, 10);
        if ($peer) {
            fwrite($peer, strtoupper(fgets($peer)));
            fclose($peer);
        }
    }
    exit(0);
}
function connect(string $port, array $options): mixed
{
    $context = stream_context_create(['ssl' => $options + ['peer_name' => 'localhost']]);
    return @stream_socket_client("tls://127.0.0.1:$port", $code, $message, 10,
        STREAM_CLIENT_CONNECT, $context);
}
check(connect($port, []) === false, 'an unknown authority is refused');
$client = connect($port, ['cafile' => "$dir/ca.pem"]);
check(is_resource($client), 'a known one is accepted');
fwrite($client, "hello\n");
same("HELLO\n", fgets($client), 'words over TLS');
same('TLSv1.3', stream_get_meta_data($client)['crypto']['protocol'], 'version');
fclose($client);
pcntl_waitpid($child, $status);
same(0, pcntl_wexitstatus($status), 'the server ended well');

$secret = openssl_encrypt('text', 'aes-256-gcm', str_repeat('k', 32), OPENSSL_RAW_DATA,
    str_repeat('i', 12), $tag);
same('text', openssl_decrypt($secret, 'aes-256-gcm', str_repeat('k', 32), OPENSSL_RAW_DATA,
    str_repeat('i', 12), $tag), 'AES-GCM');
same(true, openssl_pkcs12_export($certificate, $archive, $hostKey, 'pass'), 'PKCS#12');
same(true, openssl_pkcs12_read($archive, $read, 'pass'), 'and back');
check(in_array('md4', array_map(strtolower(...), openssl_get_md_methods()), true)
    || openssl_digest('x', 'md4') !== false, 'the legacy provider');

// Where the machine's authorities are: a file that exists, found without any setting.
$locations = openssl_get_cert_locations();
$system = array_filter(['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'], 'is_readable');
if ($system) {
    check(is_readable($locations['default_cert_file']), 'the default CA file is there: '
        . $locations['default_cert_file']);
}
// By SSL_CERT_FILE the harness's own authority takes that place, with nothing said in PHP.
putenv('SSL_CERT_FILE=' . server('CA'));
same('hello over TLS', file_get_contents(server('TLS') . '/hello'), 'https:// by SSL_CERT_FILE');
ok();
