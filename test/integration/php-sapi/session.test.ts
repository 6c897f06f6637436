import { expect, test } from 'vitest';
import { headerOf, Php } from './php.ts';

function cookieOf(response: Parameters<typeof headerOf>[0]): string {
  return headerOf(response, 'set-cookie')[0]!.split(';')[0]!;
}

const count = 'session_start(); echo $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1;';

test('a session lasts over requests and workers', async () => {
  const php = new Php({ workers: 3 });
  const first = await php.get(count);
  const headers = [`Cookie: ${cookieOf(first)}`];
  const all = Array.from({ length: 12 }, () => php.send(count, { headers }));
  const counts: number[] = [];
  for (const one of all) counts.push(Number((await one.settled()).body));
  expect(counts.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 12 }, (_, i) => i + 2),
  );
  expect(await php.text(count)).toBe('1');
});

test('a crash releases the lock of its session', async () => {
  const php = new Php({ workers: 2 });
  const headers = [`Cookie: ${cookieOf(await php.get(count))}`];
  const crash = await php.get(`${count} posix_kill(getmypid(), 9);`, { headers });
  expect(crash.failure).toMatchObject({ reason: 'crashed', signal: 9 });
  expect(await php.text(count, { headers })).toBe('2');
});

test('a fatal error and exit write the session as PHP does', async () => {
  const php = new Php();
  const headers = [`Cookie: ${cookieOf(await php.get(count))}`];
  await php.get(`${count} exit;`, { headers });
  await php.get(`${count} no_such_function();`, { headers });
  expect(await php.text(count, { headers })).toBe('4');
});

test('a session written after the response has ended is kept', async () => {
  const php = new Php();
  const code =
    'session_start(); echo "x"; fastcgi_finish_request(); $_SESSION["n"] = 41;';
  const headers = [`Cookie: ${cookieOf(await php.get(code))}`];
  expect(await php.text(count, { headers })).toBe('42');
});

test('a user handler that throws leaves a sound worker', async () => {
  const php = new Php();
  const code = `
    class H implements SessionHandlerInterface {
      function open($p, $n): bool { return true; }
      function close(): bool { throw new Exception('close'); }
      function read($id): string { return ''; }
      function write($id, $d): bool { exit('write'); }
      function destroy($id): bool { return true; } function gc($m): int { return 0; }
    }
    session_set_save_handler(new H); session_start(); $_SESSION['a'] = 1; echo 'x';`;
  for (let i = 0; i < 3; i++) expect((await php.get(code)).failure).toBeNull();
  expect(await php.text(count)).toBe('1');
});

test('upload progress reaches the session', async () => {
  const php = new Php();
  const cookie = cookieOf(await php.get(count));
  const body =
    '--b\r\nContent-Disposition: form-data; ' +
    'name="PHP_SESSION_UPLOAD_PROGRESS"\r\n\r\nkey\r\n' +
    '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--b--\r\n';
  const ini =
    'session_start(); echo $_POST["PHP_SESSION_UPLOAD_PROGRESS"], $_FILES["f"]["size"];';
  const response = await php.get(ini, {
    body,
    contentType: 'multipart/form-data; boundary=b',
    headers: [`Cookie: ${cookie}`],
  });
  expect(response.body.toString()).toBe('key1');
});
