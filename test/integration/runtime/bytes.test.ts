import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { subjectPhp } from '../../conformance/subject.ts';
import { completeConfig } from '../../unit/runtime/payload/craft.ts';
import { finish, main, scratchDirectory, testProduct } from './product.ts';

const scratch = scratchDirectory();
afterAll(() => scratch[Symbol.asyncDispose]());
const data = join(scratch.path, 'data');
/** Bytes as they are: Latin-1's `é`, alone no UTF-8. */
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const odd = latin1(`${scratch.path}/caf\xe9`);
mkdirSync(odd);
const hex = (text: string): string => latin1(text).toString('hex');

const show = '<?php echo bin2hex($argv[1] ?? ""), " ", bin2hex(basename(__FILE__)), ';
const product = await testProduct(
  join(scratch.path, 'product'),
  [
    { name: 'index.php', content: '<?php echo bin2hex((string) getenv($_GET["name"]));' },
    { name: 'show.php', content: `${show} " ", bin2hex(basename(getcwd()));` },
    { name: 'tool', content: '#!/bin/sh\nprintf %s "$1" | od -An -tx1' },
  ],
  {
    php: readFileSync(subjectPhp()),
    config: {
      ...completeConfig,
      http: { ...completeConfig.http, listen: ['127.0.0.1:0'] },
    },
  },
);
writeFileSync(Buffer.concat([odd, latin1('/caf\xe9.php')]), `${show} " own";`);

/** Only a shell can give such arguments: `"$@"` is the product with its data directory. */
function inShell(script: string) {
  const words = ['--norc', '-c', script, 'bash', product.file, main, '--data-dir', data];
  const env = { PATH: '/usr/bin:/bin', DIR: scratch.path };
  return finish(spawn('bash', words, { env, cwd: '/' }));
}

const output = async (script: string): Promise<string> => {
  const { stdout, stderr } = await inShell(script);
  return stdout.trim() + stderr;
};

describe('bytes that are not UTF-8 reach PHP as they are', () => {
  test('in arguments, beside what is', async () => {
    const code = `'echo bin2hex(implode(":", array_slice($argv, 1)));'`;
    // The last: a surrogate's bytes, and a character that stands for a byte on the way.
    const words = String.raw`$'caf\xe9' naïve $'\xff\xfe' $'\xed\xb2\x80' $'\xef\x9e\xa9'`;
    const expected = `caf\xe9:na\xc3\xafve:\xff\xfe:\xed\xb2\x80:\xef\x9e\xa9`;
    expect(await output(`"$@" php-cli -r ${code} -- ${words}`)).toBe(hex(expected));
  });

  test('however long a text beside them is', async () => {
    const code = `'echo strlen($argv[1]), bin2hex($argv[2]);'`;
    const words = String.raw`"$(printf 'ä%.0s' {1..60000})" $'\xe9'`;
    expect(await output(`"$@" php-cli -r ${code} -- ${words}`)).toBe('120000e9');
  });

  test('in as many arguments as xargs gives at once', async () => {
    const count = `'echo count($argv), " ", md5(implode("", array_slice($argv, 1)));'`;
    const words = String.raw`$(printf 'caf\xe9%s ' {1..10000})`;
    expect(await output(`"$@" php-cli -r ${count} -- ${words}`)).toMatch(
      /^10001 \w{32}$/,
    );
  });

  test('in the environment, also of programs that PHP starts', async () => {
    const code = `'echo bin2hex(getenv("X")), shell_exec("printf %s \\"\\$X\\" | od -An -tx1");'`;
    const script = String.raw`X=$'caf\xe9' "$@" php-cli -r ${code}`;
    expect(await output(script)).toBe(`${hex('caf\xe9')} 63 61 66 e9`);
    const name = `'echo bin2hex(implode(preg_grep("/^N/", array_keys(getenv()))));'`;
    expect(await output(String.raw`env $'N\xe9=1' "$@" php-cli -r ${name}`)).toBe(
      hex('N\xe9'),
    );
  });

  test('in --env and --define', async () => {
    const code = `'echo bin2hex(getenv("A")), " ", bin2hex(get_cfg_var("x.y"));'`;
    const flags = String.raw`--env $'A=caf\xe9' -d $'x.y=caf\xe9'`;
    const expected = `${hex('caf\xe9')} ${hex('caf\xe9')}`;
    expect(await output(`"$@" ${flags} php-cli -r ${code}`)).toBe(expected);
  });

  test("in a script's name, and in that of the working directory", async () => {
    const names = [hex('arg\xe9'), hex('caf\xe9.php'), 'own'];
    const enter = String.raw`cd "$DIR"/caf?; `;
    const call = String.raw`"$@" php-cli $'caf\xe9.php' $'arg\xe9'`;
    expect(await output(enter + call)).toBe(names.join(' '));
    // The app's own script, from there.
    expect(await output(`${enter} "$@" php-cli show.php x`)).toBe(
      [hex('x'), hex('show.php'), hex('caf\xe9')].join(' '),
    );
  });

  test('for a script of another language', async () => {
    const script = String.raw`"$@" php-cli tool $'caf\xe9'`;
    expect(await output(script)).toBe('63 61 66 e9');
  });

  test('in a server', async () => {
    const script = String.raw`X=$'caf\xe9' exec "$@" --env $'Y=\xff'`;
    const words = ['-c', script, 'bash', product.file, main, '--data-dir', data];
    const server = spawn('bash', words, { env: { PATH: '/usr/bin:/bin' } });
    const ended = finish(server);
    const url = await new Promise<string>((resolve) =>
      server.stderr.on('data', (chunk: Buffer) => {
        const found = /"url":"([^"]+)"/.exec(chunk.toString())?.[1];
        if (found) resolve(found);
      }),
    );
    const get = async (name: string) => (await fetch(`${url}/?name=${name}`)).text();
    expect([await get('X'), await get('Y')]).toEqual([hex('caf\xe9'), 'ff']);
    server.kill();
    expect((await ended).status).toBe(0);
  });
});

test('the product may lie in a directory of such a name', async () => {
  const file = Buffer.concat([odd, latin1('/product')]);
  copyFileSync(product.file, file);
  const script = `cd "$DIR"/caf?; shift; exec "$PWD/product" "$@" php-cli -r 'echo 42;'`;
  expect(await output(script)).toBe('42');
});

test('a data directory cannot: refused with a code', async () => {
  const { status, stderr } = await inShell(
    String.raw`"$@" --data-dir $'/tmp/caf\xe9' extract`,
  );
  expect([status, stderr]).toEqual([
    5,
    expect.stringContaining('PHPACK_E_DATA_DIR_NAME'),
  ]);
});

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
test.runIf(canMount)('on a file system mounted noexec as well', async () => {
  const dir = join(scratch.path, 'noexec');
  mkdirSync(dir, { mode: 0o700 });
  const script = String.raw`mount -t tmpfs -o noexec,mode=700 tmpfs "$0" &&
    exec "$@" php-cli -r 'echo bin2hex($argv[1]);' $'caf\xe9'`;
  const words = ['-m', 'bash', '-c', script, dir, product.file, main, '--data-dir', dir];
  expect((await finish(spawn('unshare', words))).stdout).toBe(hex('caf\xe9'));
});
