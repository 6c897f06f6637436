<?php
require __DIR__ . '/support/check.php';

final class Shop
{
    public function add(int $a, int $b): int
    {
        return $a + $b;
    }

    public function fail(): never
    {
        throw new SoapFault('Server', 'out of stock');
    }
}

// The server answers in this process; the client's transport is this function.
final class Local extends SoapClient
{
    public function __doRequest(string $request, string $location, string $action, int $version,
        bool $oneWay = false): ?string
    {
        $server = new SoapServer(null, ['uri' => 'urn:shop', 'soap_version' => $version]);
        $server->setClass(Shop::class);
        ob_start();
        $server->handle($request);
        return ob_get_clean();
    }
}
// A WSDL of our own, from a file: no network.
$client = new Local(null, ['location' => 'local:', 'uri' => 'urn:shop', 'trace' => true,
    'soap_version' => SOAP_1_2]);
same(5, $client->add(2, 3), 'a call');
check(str_contains($client->__getLastRequest(), '<param0 xsi:type="xsd:int">2</param0>'),
    'typed parameters');
try {
    $client->fail();
    check(false, 'a fault was swallowed');
} catch (SoapFault $fault) {
    same('out of stock', $fault->getMessage(), 'a fault');
}
$wsdl = new SoapClient(__DIR__ . '/fixtures/shop.wsdl', ['cache_wsdl' => WSDL_CACHE_NONE]);
same(['int add(int $a, int $b)'], $wsdl->__getFunctions(), 'a WSDL');
ok();
