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
});
