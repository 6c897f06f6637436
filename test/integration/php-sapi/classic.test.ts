import { join } from 'node:path';
import { expect, test } from 'vitest';
import { headerOf, Php } from './php.ts';

test('a script answers', async () => {
  const php = new Php();
  const response = await php.get('echo "Hello";');
  expect(response.body.toString()).toBe('Hello');
  expect(response.status).toBe(200);
  expect(response.errors).toEqual([]);
  expect(headerOf(response, 'content-type')).toEqual(['text/html; charset=UTF-8']);
  expect(await php.text('echo PHP_SAPI, php_sapi_name();')).toBe('phpackphpack');
  const name = 'echo strtok(file_get_contents("/proc/self/cmdline"), "\\0");';
  expect(await php.text(name)).toBe('phpack-worker');
});

test('the functions describe themselves', async () => {
  const php = new Php();
  const code = `
    foreach ((new ReflectionExtension('phpack'))->getFunctions() as $f) {
      $all[$f->getName()] = [(string) $f->getReturnType(), $f->getNumberOfParameters()];
    }
    ksort($all); echo json_encode($all);`;
  expect(await php.json(code)).toEqual({
    apache_request_headers: ['array', 0],
    apache_response_headers: ['array', 0],
    fastcgi_finish_request: ['bool', 0],
    frankenphp_finish_request: ['bool', 0],
    frankenphp_request_headers: ['array', 0],
    frankenphp_response_headers: ['array', 0],
    getallheaders: ['array', 0],
    phpack_finish_request: ['bool', 0],
    phpack_request_headers: ['array', 0],
    phpack_response_headers: ['array', 0],
  });
  const misuse =
    'try { getallheaders(1); } catch (ArgumentCountError $e) { echo "refused"; }';
  expect(await php.text(misuse)).toBe('refused');
});

test('phpinfo() and PHP_BINARY say what runs, and what to run', async () => {
  const php = new Php({ env: { PHP_BINARY: '/opt/app/php' } });
  expect(await php.text('phpinfo();')).toMatch(/Server API.*phpack/);
  expect(await php.text('echo PHP_BINARY;')).toBe('/opt/app/php');
});

test('php.ini sections for a host or a path apply to theirs', async () => {
  const php = new Php();
  const inner = join(php.docroot, 'inner');
  php.file('inner/a.php', '<?php echo ini_get("precision");');
  const sections = `[HOST=one.example]\nprecision=3\n[PATH=${inner}]\nprecision=5\n`;
  const other = new Php({ iniText: sections });
  const get = async (serverName: string, scriptFilename: string): Promise<string> => {
    const response = await other.sendTo('/x', { serverName, scriptFilename }).settled();
    return response.body.toString();
  };
  const outer = php.file('a.php', '<?php echo ini_get("precision");');
  expect(await get('One.Example', outer)).toBe('3');
  expect(await get('two.example', outer)).toBe('14');
  expect(await get('two.example', join(inner, 'a.php'))).toBe('5');
  expect(await get('two.example', outer)).toBe('14');
});
