import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { runAny } from '../apps/run.ts';
import { extensionName, type SmokeScript, smokeScripts } from './smoke/scripts.ts';
import { SmokeServers } from './smoke/servers.ts';
import { subjectManifest, subjectPhp } from './subject.ts';

const php = subjectPhp();
const scripts = smokeScripts();
const servers = new SmokeServers();
afterAll(() => servers.stop());

async function runScript(script: SmokeScript) {
  const given = await Promise.all(script.needs.map((name) => servers.environment(name)));
  const env = Object.assign({ ...script.env }, ...given) as Record<string, string>;
  const settings = script.ini.flatMap((setting) => ['-d', setting]);
  return runAny(php, ['-n', ...settings, script.file], {
    cwd: '/',
    env,
    timeoutMs: 60_000,
  });
}

async function loadedExtensions(): Promise<string[]> {
  const { stdout } = await runAny(php, ['-n', '-m'], { env: {} });
  const names = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('['));
  return [...new Set(names.map(extensionName))].toSorted();
}

describe('the static PHP', () => {
  test('has exactly the extensions that its manifest lists', async () => {
    const manifest = JSON.parse(readFileSync(subjectManifest(), 'utf8')) as {
      extensions: { name: string }[];
    };
    const listed = manifest.extensions.map(({ name }) => extensionName(name)).toSorted();
    expect(await loadedExtensions()).toEqual(listed);
  });

  test('has a smoke script for each of its extensions', async () => {
    expect([...scripts.keys()].toSorted()).toEqual(await loadedExtensions());
  });

  test.each([...scripts.values()])(
    'uses $extension in an empty environment',
    async (script) => {
      const { status, stdout, stderr } = await runScript(script);
      expect({ status, stdout, stderr }).toEqual({
        status: 0,
        stdout: 'ok\n',
        stderr: '',
      });
    },
  );
});
