import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { phpack, run, type Scratch, scratchDirectory } from './phpack.ts';

/** Two packages that Composer links, one of them from outside of the app. */
const files = {
  'shared/composer.json': JSON.stringify({
    name: 'acme/shared',
    version: '1.0.0',
    autoload: { files: ['src/functions.php'], 'psr-4': { 'Acme\\': 'src/' } },
    bin: ['bin/shared-tool'],
  }),
  'shared/src/functions.php': "<?php function shared() { return 'shared'; }",
  'shared/src/Thing.php': '<?php namespace Acme; class Thing {}',
  'shared/bin/shared-tool': `#!/usr/bin/env php
    <?php require $GLOBALS['_composer_autoload_path']; echo 'tool of ', shared();`,
  'shared/vendor/outside.php': '',
  'app/packages/probe/composer.json': JSON.stringify({
    name: 'acme/probe',
    version: '1.0.0',
    autoload: { files: ['boot.php'], classmap: ['Probe.php'] },
  }),
  'app/packages/probe/boot.php': '<?php const PROBE = 1;',
  'app/packages/probe/Probe.php': '<?php class Probe {}',
  'app/composer.json': JSON.stringify({
    name: 'acme/app',
    repositories: [
      { type: 'path', url: '../shared' },
      { type: 'path', url: 'packages/*' },
      { 'packagist.org': false },
    ],
    require: { 'acme/shared': '*' },
    'require-dev': { 'acme/probe': '*' },
    autoload: { 'psr-4': { 'App\\': 'src/' } },
    'autoload-dev': {
      'psr-4': { 'Tests\\': 'tests/' },
      classmap: ['tests/stubs'],
      files: ['tests/helpers.php'],
    },
  }),
  'app/src/Page.php': '<?php namespace App; class Page {}',
  'app/tests/helpers.php': '<?php const HELPED = 1;',
  'app/tests/Case1.php': '<?php namespace Tests; class Case1 {}',
  'app/tests/stubs/stub.php': '<?php class Stub {}',
  'app/index.php': `<?php
    require __DIR__ . '/vendor/autoload.php';
    $classes = [App\\Page::class, Acme\\Thing::class, 'Probe', 'Stub', 'Tests\\Case1'];
    echo shared(), ' ', json_encode([
      'classes' => array_map('class_exists', $classes),
      'development' => [defined('PROBE'), defined('HELPED')],
      'where' => is_dir(Composer\\InstalledVersions::getInstallPath('acme/shared')),
    ]);`,
};

let scratch: Scratch;
let app: string;
let output: string;

beforeEach(() => {
  scratch = scratchDirectory();
  for (const [path, text] of Object.entries(files)) {
    const file = join(scratch.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  chmodSync(join(scratch.path, 'shared/bin/shared-tool'), 0o755);
  app = join(scratch.path, 'app');
  output = join(scratch.path, 'server');
});

afterEach(() => scratch[Symbol.dispose]());

async function composer(...args: string[]): Promise<void> {
  const env = {
    ...process.env,
    COMPOSER_ALLOW_SUPERUSER: '1',
    COMPOSER_HOME: join(scratch.path, 'composer'),
  };
  const words = [...args, '--no-interaction', '--quiet'];
  const { status, stderr } = await run('composer', words, { cwd: app, env });
  expect(status, stderr).toBe(0);
}

const env = (): Record<string, string> => ({
  PHPACK_DATA_DIR: join(scratch.path, 'data'),
});

test.each([[[]], [['--classmap-authoritative']]])(
  'what a developer has installed (%s) is a product, and a warning says how to do without',
  async (flags) => {
    await composer('install', ...flags);
    const built = await phpack('build', app, '-o', output).finished;
    expect([built.status, built.stderr]).toEqual([
      0,
      expect.stringMatching(
        /only development needs it: 1 package and 3 paths .*\(.*acme\/probe.*--no-dev/,
      ),
    ]);
    const page = await run(output, ['php-cli', 'index.php'], { env: env() });
    expect([page.stderr, page.stdout]).toEqual([
      '',
      `shared ${JSON.stringify({
        classes: [true, true, true, true, true],
        development: [true, true],
        where: true,
      })}`,
    ]);
    const words = ['php-cli', 'vendor/bin/shared-tool'];
    const tool = await run(output, words, { env: env() });
    expect(tool.stdout).toContain('tool of shared');
  },
);

test('without development nothing of it is packed, and nothing is said', async () => {
  await composer('install', '--no-dev');
  const built = await phpack('build', app, '-o', output).finished;
  expect(built.status).toBe(0);
  expect(built.stderr).not.toContain('only development needs');
  const page = await run(output, ['php-cli', 'index.php'], { env: env() });
  expect(page.stdout).toContain('"classes":[true,true,false,false,false]');
  const tests = await run(output, ['php-cli', '-r', 'echo is_dir("tests") ? 1 : 0;'], {
    env: env(),
    cwd: (await run(output, ['extract'], { env: env() })).stdout.trim(),
  });
  expect(tests.stdout).toBe('0');
});
