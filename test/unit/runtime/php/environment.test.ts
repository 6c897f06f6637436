import { expect, test } from 'vitest';
import { phpEnvironment } from '../../../../runtime/php/environment.ts';

const sources = {
  caller: {},
  configured: {},
  forced: new Set<string>(),
  dataDir: '/data',
  appRoot: '/data/app/1/tree',
  cachesRoot: '/data/app/1/caches',
  iniFile: '/data/run/1.ini',
  phpCommand: '/data/bin/1/php',
  home: '/root',
  postgresDirectory: null,
};

test('an empty environment still has what programs need', () => {
  expect(phpEnvironment(sources)).toEqual({
    HOME: '/root',
    PATH: '/data/bin/1:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    PHP_BINARY: '/data/bin/1/php',
    PHPRC: '/data/run/1.ini',
    PHP_INI_SCAN_DIR: '',
    PHPACK_DATA_DIR: '/data',
  });
});

test("the caller's environment goes through and wins over the vendor's", () => {
  const env = phpEnvironment({
    ...sources,
    caller: { APP_ENV: 'staging', HOME: '/home/ada', PATH: '/bin', PHPRC: '/etc/php' },
    configured: { APP_ENV: 'prod', DB: 'sqlite://{data}/var/{app}', C: '{caches}/x' },
  });
  expect(env).toMatchObject({
    APP_ENV: 'staging',
    HOME: '/home/ada',
    PATH: '/data/bin/1:/bin',
    PHPRC: '/data/run/1.ini',
    DB: 'sqlite:///data/var//data/app/1/tree',
    C: '/data/app/1/caches/x',
  });
});

test('--env wins over the caller', () => {
  const env = phpEnvironment({
    ...sources,
    caller: { APP_ENV: 'staging' },
    configured: { APP_ENV: 'dev' },
    forced: new Set(['APP_ENV']),
  });
  expect(env['APP_ENV']).toBe('dev');
});

test('a php started by php does not lengthen PATH again', () => {
  const once = phpEnvironment(sources);
  expect(phpEnvironment({ ...sources, caller: once })).toEqual(once);
});

test('a directory of PostgreSQL others may write to is not looked in, unless PGHOST says so', () => {
  const env = phpEnvironment({ ...sources, postgresDirectory: '/data/run' });
  expect(env['PGHOST']).toBe('/data/run');
  const asked = { ...sources, caller: { PGHOST: 'db' }, postgresDirectory: '/data/run' };
  expect(phpEnvironment(asked)['PGHOST']).toBe('db');
});
