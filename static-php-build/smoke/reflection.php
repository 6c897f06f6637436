<?php
require __DIR__ . '/support/check.php';

#[Attribute]
final class Route
{
    public function __construct(public string $path)
    {
    }
}
final class Page
{
    private int $secret = 7;

    #[Route('/home')]
    public function home(int $id, ?string $name = 'x'): string|int
    {
        return $id;
    }
}
$method = new ReflectionMethod(Page::class, 'home');
same('/home', $method->getAttributes(Route::class)[0]->newInstance()->path, 'an attribute');
same('string|int', (string) $method->getReturnType(), 'a union type');
same('x', $method->getParameters()[1]->getDefaultValue(), 'a default value');
same(7, (new ReflectionProperty(Page::class, 'secret'))->getValue(new Page()), 'a property');
$lazy = (new ReflectionClass(Page::class))->newLazyGhost(static function (Page $page): void {
});
same(5, $lazy->home(5), 'a lazy object of 8.4');
ok();
