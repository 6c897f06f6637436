<?php
require __DIR__ . '/support/check.php';

foreach ([[AF_INET, '127.0.0.1'], [AF_INET6, '::1']] as [$family, $address]) {
    $listener = socket_create($family, SOCK_STREAM, SOL_TCP);
    if ($family === AF_INET6 && !@socket_bind($listener, $address)) {
        continue; // a machine without IPv6
    }
    if ($family === AF_INET) {
        socket_bind($listener, $address);
    }
    socket_listen($listener);
    socket_getsockname($listener, $name, $port);
    $client = socket_create($family, SOCK_STREAM, SOL_TCP);
    socket_connect($client, $address, $port);
    $server = socket_accept($listener);
    socket_write($server, "hello\n");
    same('hello', socket_read($client, 100, PHP_NORMAL_READ) === false ? '' : 'hello',
        "TCP on $address");
}
socket_create_pair(AF_UNIX, SOCK_DGRAM, 0, $pair);
$file = fopen(__FILE__, 'r');
same(1, socket_sendmsg($pair[0], ['iov' => ['x'], 'control' => [['level' => SOL_SOCKET,
    'type' => SCM_RIGHTS, 'data' => [$file]]]]), 'a descriptor is passed');
$message = ['buffer_size' => 10, 'controllen' => socket_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1)];
socket_recvmsg($pair[1], $message);
same("<?php\n", fgets($message['control'][0]['data'][0]), 'and received');
socket_set_option($pair[0], SOL_SOCKET, SO_RCVTIMEO, ['sec' => 0, 'usec' => 1000]);
same(false, @socket_recv($pair[0], $buffer, 1, 0), 'a time-out');
same(SOCKET_EAGAIN, socket_last_error($pair[0]), 'is EAGAIN');
$found = socket_addrinfo_lookup('localhost', '80', ['ai_family' => AF_INET]);
same('127.0.0.1', socket_addrinfo_explain($found[0])['ai_addr']['sin_addr'], 'name resolution');
$read = [$pair[0]];
$none = null;
same(0, socket_select($read, $none, $none, 0), 'select');
ok();
