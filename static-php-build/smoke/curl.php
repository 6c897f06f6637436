<?php
// needs: tls
require __DIR__ . '/support/check.php';

function get(string $path, array $options = []): array
{
    $curl = curl_init(server('TLS') . $path);
    curl_setopt_array($curl, $options + [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CAINFO => server('CA'),
        CURLOPT_TIMEOUT => 10,
    ]);
    $body = curl_exec($curl);
    return [$body, curl_errno($curl), curl_getinfo($curl), curl_error($curl)];
}

[$body, $errno, $info, $error] = get('/hello');
same('hello over TLS', $body, "a verified request by host name ($error)");
same(200, $info['http_code'], 'status');
// The harness's CA is in no bundle: without it verification has to fail.
[, $errno] = get('/hello', [CURLOPT_CAINFO => server('OTHER_CA')]);
check(in_array($errno, [CURLE_SSL_CACERT, CURLE_SSL_CACERT_BADFILE], true),
    "an unknown authority is refused: error $errno");
[, , $info] = get('/hello', [CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_2TLS]);
same(CURL_HTTP_VERSION_2, $info['http_version'], 'HTTP/2');
$text = str_repeat('phpack ', 2000);
foreach (['gzip', 'br', 'zstd'] as $coding) {
    [$body, , , $error] = get("/coded/$coding", [CURLOPT_ENCODING => $coding]);
    same($text, $body, "content coding $coding ($error)");
}
[$body] = get('/echo', [CURLOPT_POSTFIELDS => [
    'field' => 'value',
    'file' => new CURLFile(__DIR__ . '/fixtures/plain.txt', 'text/plain', 'plain.txt'),
]]);
check(str_contains($body, 'plain words') && str_contains($body, 'name="field"'),
    'multipart upload');
[$body, , $info] = get('/redirect', [CURLOPT_FOLLOWLOCATION => true]);
same('hello over TLS', $body, 'redirects are followed');
$multi = curl_multi_init();
$handles = [];
for ($i = 0; $i < 5; $i++) {
    $handles[$i] = curl_init(server('TLS') . '/hello');
    curl_setopt_array($handles[$i],
        [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => server('CA')]);
    curl_multi_add_handle($multi, $handles[$i]);
}
do {
    curl_multi_exec($multi, $running);
    curl_multi_select($multi, 0.2);
} while ($running > 0);
foreach ($handles as $handle) {
    same('hello over TLS', curl_multi_getcontent($handle), 'parallel requests');
}
foreach (['http', 'https', 'ftp', 'file'] as $protocol) {
    check(in_array($protocol, curl_version()['protocols'], true), "protocol $protocol");
}
ok();
