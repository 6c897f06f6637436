import { expect, test } from 'vitest';
import {
  configFile,
  defaultConfig,
  mergeConfig,
} from '../../../../packager/project/config.ts';
import { parseJson } from '../../../../packager/project/json.ts';
import { checkConfig } from '../../../../runtime/config/check.ts';

test('the product accepts the defaults', () => {
  expect(checkConfig(defaultConfig)).toEqual(defaultConfig);
});

test('later layers replace lists and values, and add to objects', () => {
  const merged = mergeConfig(
    { deny: ['a'], php: { ini: { memory_limit: '1G', x: '1' } }, http: { drainMs: 5 } },
    {
      deny: ['b'],
      php: { ini: { x: '2' } },
      http: { cacheControl: { '**': 'no-store' } },
    },
  );
  expect(merged.deny).toEqual(['b']);
  expect(merged.php).toEqual({
    ini: { memory_limit: '1G', x: '2' },
    env: {},
    extensions: [],
  });
  expect(merged.http).toEqual({
    ...defaultConfig.http,
    drainMs: 5,
    cacheControl: { '**': 'no-store' },
  });
});

const parse = (text: string) =>
  parseJson(text, configFile, 'phpack.json', 'PHPACK_E_CONFIG');

test('a byte order mark in front does not matter', () => {
  expect(parse('\uFEFF{"name": "x"}')).toEqual({ name: 'x' });
});

test('equal keys of different objects, and texts that look like keys, are none', () => {
  const text = `{"name": "\\"name\\": {", "php": {"ini": {"name": "x", "x": "name"},
    "env": {"name": "x"}}, "deny": ["name", "name"]}`;
  expect(parse(text)).toMatchObject({ deny: ['name', 'name'] });
});

test.each([
  ['{"writeable": []}', 'phpack.json: Unrecognized key: "writeable"'],
  ['{"http": {"drainMs": -1}}', /http\.drainMs: .*>=0/],
  ['{"http": {"drainMs": 1.5}}', /http\.drainMs: .*int/],
  ['{"entryScripts": "all"}', /entryScripts: /],
  ['{"name": 1, "deny": "x"}', /name: .*string.*; deny: .*array/],
  ['{"name": "x",}', /phpack\.json is not JSON: .*/],
  ['{"name": "a", "deny": [], "name": "b"}', 'phpack.json: "name" is there twice'],
  ['{"php": {"ini": {"a": "{", "a": ":"}}}', 'phpack.json: "a" is there twice'],
  ['[]', /phpack\.json: .*object/],
])('%s is refused with the place of every fault', (text, message) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_CONFIG',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    }),
  );
});
