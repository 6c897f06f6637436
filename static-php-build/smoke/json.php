<?php
require __DIR__ . '/support/check.php';

same('{"a":[1,2.5,null,"ä\/"]}',
    json_encode(['a' => [1, 2.5, null, 'ä/']], JSON_UNESCAPED_UNICODE), 'encode');
same(['big' => '12345678901234567890'],
    json_decode('{"big":12345678901234567890}', true, 8, JSON_BIGINT_AS_STRING), 'decode');
try {
    json_decode('{', false, 8, JSON_THROW_ON_ERROR);
    check(false, 'bad JSON throws');
} catch (JsonException $e) {
    same(JSON_ERROR_SYNTAX, $e->getCode(), 'syntax error');
}
ok();
