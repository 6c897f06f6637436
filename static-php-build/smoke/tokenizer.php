<?php
require __DIR__ . '/support/check.php';

$tokens = PhpToken::tokenize('<?php echo "a $b", 1 <=> 2; enum E {}');
$names = array_map(static fn (PhpToken $token) => $token->getTokenName(), $tokens);
foreach (['T_ECHO', 'T_ENCAPSED_AND_WHITESPACE', 'T_SPACESHIP', 'T_ENUM'] as $name) {
    check(in_array($name, $names, true), "token $name");
}
same('T_OPEN_TAG', token_name(token_get_all('<?php ')[0][0]), 'the old way');
try {
    PhpToken::tokenize('<?php 08;', TOKEN_PARSE);
    check(false, 'a wrong number was accepted');
} catch (ParseError $error) {
    check(str_contains($error->getMessage(), 'numeric literal'), 'parse errors');
}
ok();
