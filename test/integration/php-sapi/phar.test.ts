import { expect, test } from 'vitest';
import { headerOf, Php } from './php.ts';

/** A web PHAR as box and others make it: its stub answers requests from inside. */
async function withWebPhar(): Promise<Php> {
  const php = new Php({ ini: { 'phar.readonly': 0 } });
  const made = await php.text(`
    $phar = new Phar(__DIR__ . '/app.phar', 0, 'app.phar');
    $phar['index.php'] = '<?php echo "front ", $_SERVER["REQUEST_URI"];';
    $phar['page.php'] = '<?php echo "page ", basename(__FILE__), " ", $_GET["a"];';
    $phar['style.css'] = 'body { margin: 0 }';
    $phar->setStub('<?php Phar::webPhar("app.phar", "index.php", null, [],
      fn ($path) => $path === "/pretty" ? "/page.php" : $path);
      echo "not reached"; __HALT_COMPILER();');
    unset($phar);
    rename(__DIR__ . '/app.phar', __DIR__ . '/app.phar.php');
    echo 'made';`);
  expect(made).toBe('made');
  return php;
}

const at = (pathInfo: string) => ({ pathInfo, queryString: 'a=1' });

test('a web PHAR answers with its scripts', async () => {
  const php = await withWebPhar();
  const page = await php.sendTo('/app.phar.php', at('/page.php')).settled();
  expect([page.status, page.body.toString()]).toEqual([200, 'page page.php 1']);
  const pretty = await php.sendTo('/app.phar.php', at('/pretty')).settled();
  expect(pretty.body.toString()).toBe('page page.php 1');
});

test('a web PHAR answers with its files, under their type', async () => {
  const php = await withWebPhar();
  const style = await php.sendTo('/app.phar.php', at('/style.css')).settled();
  expect(style.body.toString()).toBe('body { margin: 0 }');
  expect(headerOf(style, 'content-type')[0]).toMatch(/^text\/css/);
});

test('a web PHAR redirects to its index once, and that answers', async () => {
  const php = await withWebPhar();
  const bare = await php.sendTo('/app.phar.php').settled();
  expect(bare.status).toBe(301);
  expect(headerOf(bare, 'location')[0]).toMatch(/app\.phar\.php\/index\.php$/);
  const index = await php.sendTo('/app.phar.php', { pathInfo: '/index.php' }).settled();
  expect([index.status, index.body.toString()]).toEqual([
    200,
    'front /app.phar.php/index.php',
  ]);
});

test('what is not in a web PHAR is 404', async () => {
  const php = await withWebPhar();
  const missing = await php.sendTo('/app.phar.php', at('/missing.php')).settled();
  expect(missing.status).toBe(404);
});
