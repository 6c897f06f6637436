import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  hello,
  repository,
  type Running,
  type Scratch,
  scratchDirectory,
  start,
} from './phpack.ts';

let scratch: Scratch;
let app: string;

beforeEach(() => {
  scratch = scratchDirectory();
  app = join(scratch.path, 'hello');
  cpSync(hello, app, { recursive: true });
});

afterEach(() => scratch[Symbol.dispose]());

/** `phpack serve`, and the address it says to listen on. */
async function serve(...args: string[]): Promise<Running & { url: string }> {
  const cli = join(repository, 'packager/cli.ts');
  const words = [cli, 'serve', app, '--listen', '127.0.0.1:0', ...args];
  const env = { ...process.env, XDG_DATA_HOME: scratch.path };
  const running = start(process.execPath, words, { env });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  createInterface({ input: running.child.stderr! }).on('line', (line) => {
    const [, url] = /"url":"([^"]+)"/.exec(line) ?? [];
    if (url) resolve(url);
  });
  void running.finished.then(({ stderr }) => reject(new Error(stderr)));
  return { ...running, url: await promise };
}

async function bodyOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test('changes of the directory are seen at the next request', async () => {
  const { url, child, finished } = await serve('--', '--workers', '1');
  for (const text of ['first', 'second']) {
    writeFileSync(join(app, 'index.php'), `<?php echo '${text} from ', __FILE__;`);
    expect(await bodyOf(url)).toBe(`${text} from ${app}/index.php`);
  }
  child.kill('SIGTERM');
  expect((await finished).status).toBe(0);
});

test('what phpack.json says holds, also for a product that is not packed', async () => {
  const config = { php: { ini: { memory_limit: '77M' }, env: { COLOUR: 'blue' } } };
  writeFileSync(join(app, 'phpack.json'), JSON.stringify(config));
  const script = "<?php echo ini_get('memory_limit'), ' ', getenv('COLOUR');";
  writeFileSync(join(app, 'index.php'), script);
  const { url, child, finished } = await serve();
  expect(await bodyOf(url)).toBe('77M blue');
  child.kill('SIGINT');
  expect((await finished).status).toBe(0);
});

test("the server's own refusal of a flag is shown, with its exit status", async () => {
  const running = serve('--', '--wrokers', '1');
  await expect(running).rejects.toThrow('unknown flag --wrokers');
});
