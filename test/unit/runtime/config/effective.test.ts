import { expect, test } from 'vitest';
import {
  applyFlags,
  parseDuration,
  parseSize,
  workerCount,
} from '../../../../runtime/config/effective.ts';
import { completeConfig } from '../payload/craft.ts';

const apply = (flags: Record<string, string[]>, config: unknown = completeConfig) =>
  applyFlags(config, new Map(Object.entries(flags)));
const invalid = expect.objectContaining({ code: 'PHPACK_E_CONFIG', exitStatus: 3 });

test('without flags, the configuration is that of the binary', () => {
  const { config, origins } = apply({});
  expect(config).toEqual(completeConfig);
  expect(origins.size).toBe(0);
});

test('flags replace values, and each value knows its flag', () => {
  const { config, origins } = apply({
    listen: [':1', ':2'],
    workers: ['3'],
    'request-timeout': ['1.5m'],
    'max-body': ['64M'],
    'drain-timeout': ['5'],
    'access-log': ['true'],
    'log-level': ['debug'],
  });
  expect(config.http).toMatchObject({
    listen: [':1', ':2'],
    maxBodyBytes: 64 << 20,
    drainMs: 5000,
  });
  expect(config.workers).toMatchObject({ count: 3, requestTimeoutMs: 90_000 });
  expect(config.log).toEqual({ level: 'debug', access: true });
  expect(Object.fromEntries(origins)).toMatchObject({
    'http.listen': '--listen',
    'workers.count': '--workers',
    'log.access': '--access-log',
  });
});

test('--define and --env add to what the binary has', () => {
  const base = {
    ...completeConfig,
    php: { ini: { a: '1', b: '2' }, env: { X: 'x' }, extensions: [] },
  };
  const { config } = apply({ define: ['b=3', 'c=4=5', 'd'], env: ['Y=y'] }, base);
  expect(config.php.ini).toEqual({ a: '1', b: '3', c: '4=5', d: '1' });
  expect(config.php.env).toEqual({ X: 'x', Y: 'y' });
});

test('--set reaches every key, with a value of its kind', () => {
  const { config } = apply({
    set: [
      'http.keepAliveTimeoutMs=5000',
      'frontController=app.php',
      'deny=["*.inc"]',
      'entryScripts=any',
      'log.level=error',
    ],
  });
  expect(config.http.keepAliveTimeoutMs).toBe(5000);
  expect(config).toMatchObject({ frontController: 'app.php', deny: ['*.inc'] });
  expect(config.log.level).toBe('error');
});

test.each([
  ['a word for a number', { workers: ['many'] }],
  ['an unknown level', { 'log-level': ['loud'] }],
  ['a time without sense', { 'request-timeout': ['1 hour'] }],
  ['a size without sense', { 'max-body': ['big'] }],
  ['--set of an unknown key', { set: ['http.port=80'] }],
  ['--set of a wrong kind', { set: ['http.drainMs="soon"'] }],
  ['an address without a port', { listen: ['localhost'] }],
  ['--env without =', { env: ['X'] }],
  ['--define without a name', { define: ['=1'] }],
])('%s is an error with a code', (_, flags) => {
  expect(() => apply(flags)).toThrow(invalid);
});

test('all faults of a configuration are named at once', () => {
  const { name: _, ...rest } = completeConfig;
  const broken = {
    ...rest,
    documentroot: 'web',
    workers: { ...rest.workers, count: -1 },
  };
  expect(() => apply({}, broken)).toThrow(
    /documentroot is unknown; name is missing; workers.count must be a whole number/,
  );
  expect(() => apply({}, null)).toThrow(invalid);
  expect(() => apply({}, { ...completeConfig, writable: ['../x'] })).toThrow(invalid);
  expect(() => apply({ set: ['deny=["private**.sql"]'] })).toThrow(
    /deny: private\*\*\.sql: \*\* stands between slashes/,
  );
  const both = { ...completeConfig, writable: ['var/'], caches: ['var/cache/'] };
  expect(() => apply({}, both)).toThrow(/overlap/);
});

test('an address that cannot be one is shown', () => {
  expect(() => apply({ listen: [':80', 'localhost'] })).toThrow(
    /http\.listen\.1: "localhost" is not HOST:PORT/,
  );
});

test('times and sizes', () => {
  expect(['30', '30s', '2m', '250ms', '0'].map((t) => parseDuration('x', t))).toEqual([
    30_000, 30_000, 120_000, 250, 0,
  ]);
  expect(['1', '2K', '3m', '1G', '5MB'].map((t) => parseSize('x', t))).toEqual([
    1,
    2048,
    3 << 20,
    1 << 30,
    5 << 20,
  ]);
});

const GIB = 2 ** 30;

test('workers: twice the CPUs, at least 4, within memory, unless configured', () => {
  expect(workerCount(7, { cpus: 1, memoryBytes: 1 })).toBe(7);
  expect(workerCount(0, { cpus: 1, memoryBytes: 8 * GIB })).toBe(4);
  expect(workerCount(0, { cpus: 16, memoryBytes: 64 * GIB })).toBe(32);
  expect(workerCount(0, { cpus: 16, memoryBytes: GIB })).toBe(12);
  expect(workerCount(0, { cpus: 16, memoryBytes: 1 })).toBe(2);
  expect(workerCount(500, { cpus: 1, memoryBytes: GIB })).toBe(64);
  expect(workerCount(0, { cpus: 64, memoryBytes: 64 * GIB })).toBe(64);
});
