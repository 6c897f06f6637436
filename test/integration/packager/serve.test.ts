import { cpSync, utimesSync, writeFileSync } from 'node:fs';
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

/** As edited so long ago: OPcache keeps nothing that is younger than two seconds. */
function edit(name: string, text: string, secondsAgo: number): void {
  const file = join(app, name);
  writeFileSync(file, text);
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(file, time, time);
}

test('changes of the directory are seen at the next request', async () => {
  edit('index.php', "<?php echo 'first from ', __FILE__; include 'part.php';", 100);
  edit('part.php', "<?php echo ', part 1';", 100);
  edit('style.css', 'first', 100);
  const { url, child, finished } = await serve('--', '--workers', '1');
  const answers = async (): Promise<string[]> => [
    await bodyOf(url),
    await bodyOf(`${url}/style.css`),
  ];
  for (let count = 0; count < 3; count++) {
    expect(await answers()).toEqual([`first from ${app}/index.php, part 1`, 'first']);
  }
  edit('index.php', "<?php echo 'second'; include 'part.php';", 50);
  edit('part.php', "<?php echo ', part 2';", 50);
  edit('style.css', 'second', 50);
  expect(await answers()).toEqual(['second, part 2', 'second']);
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
