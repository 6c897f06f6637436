<?php
// What of the machine a script reaches: names, time zones, certificates. `argv[1]` is a root
// certificate of the public web, `argv[2]` an address whose certificate the machine may trust.
[, $certificate, $address] = $argv;
$anyAnswer = stream_context_create(['http' => ['ignore_errors' => true]]);
$curl = curl_init($address);
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
echo json_encode([
    'host' => gethostbyname('room.test'),
    'berlin' => (new DateTime('2026-07-01', new DateTimeZone('Europe/Berlin')))->format('P'),
    'german' => (new NumberFormatter('de_DE', NumberFormatter::DECIMAL))->format(1234.5),
    'publicRoot' => openssl_x509_checkpurpose($certificate, X509_PURPOSE_ANY) === true,
    'stream' => @file_get_contents($address, false, $anyAnswer) !== false,
    'curl' => curl_exec($curl) !== false,
    'converted' => iconv('UTF-8', 'ISO-8859-15//TRANSLIT', 'ö€') === "\xf6\xa4",
]), PHP_EOL;
