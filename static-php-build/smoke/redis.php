<?php
// needs: redis
require __DIR__ . '/support/check.php';

$redis = new Redis();
same(true, $redis->connect(server('REDIS')), 'connect by a Unix socket');
$redis->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_IGBINARY);
same(true, $redis->set('list', ['a' => [1, 2]], 60), 'a value by igbinary');
same(['a' => [1, 2]], $redis->get('list'), 'comes back');
$redis->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_NONE);
same([1, 3], $redis->multi()->incr('count')->incrBy('count', 2)->exec(), 'a transaction');
same(['x', 'y'], array_map(static fn (int $i) => ['x', 'y'][$i], [0, 1]), 'the test itself');
same(2, $redis->rPush('queue', 'one', 'two'), 'a list');
same('one', $redis->lPop('queue'), 'in order');
same('6', $redis->eval('return ARGV[1] * 2 .. ""', ['3'], 0), 'a script');
same(true, $redis->hMSet('hash', ['f' => '1']), 'a hash');
same(['f' => '1'], $redis->hGetAll('hash'), 'its fields');
ini_set('session.save_handler', 'redis');
ini_set('session.save_path', 'unix://' . server('REDIS'));
session_id('smoke');
check(session_start(['use_cookies' => 0, 'cache_limiter' => '']), 'a session');
$_SESSION['user'] = 7;
session_write_close();
check(str_contains($redis->get('PHPREDIS_SESSION:smoke'), 'user'), 'is stored there');
ok();
