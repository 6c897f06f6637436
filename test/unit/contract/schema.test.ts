import { expect, test } from 'vitest';
import { check } from '../../../contract/check.ts';
import {
  entriesOf,
  entry,
  flatten,
  group,
  unflatten,
  type ValueOf,
} from '../../../contract/schema.ts';
import { mergeValue } from '../../../packager/project/config.ts';

const text = { kind: 'text' } as const;
const number = { kind: 'number' } as const;

/** As configurations to come will be: pools by name, jobs in a list, a group in a group. */
const schema = group({
  pools: entry(
    { kind: 'object', of: group({ workers: entry(number, 4, '') }) },
    {},
    'pools of workers, by name',
  ),
  jobs: entry(
    { kind: 'list', of: group({ at: entry(text, '', ''), url: entry(text, '', '') }) },
    [],
    'what runs by the clock',
  ),
  tls: group({ acme: group({ mail: entry(text, '', 'for the authority') }) }),
});

const value: ValueOf<typeof schema> = {
  pools: { web: { workers: 4 }, 'api.v2': { workers: 2 } },
  jobs: [{ at: '0 4 * * *', url: '/cron' }],
  tls: { acme: { mail: 'a@example.org' } },
};

test('a right value has no faults, however deep it is nested', () => {
  expect(check(schema, value)).toEqual([]);
});

test('each fault is found at its place', () => {
  const wrong = {
    pools: { web: { workers: -1 }, api: [] },
    jobs: [
      { at: 1, url: '/' },
      { url: '/', every: '1h' },
    ],
    tls: { acme: { mail: null } },
    http3: true,
  };
  expect(check(schema, wrong)).toEqual([
    { key: 'http3', kind: 'unknown' },
    { key: 'pools.web.workers', kind: 'wrong', wanted: 'a whole number, 0 or more' },
    { key: 'pools.api', kind: 'wrong', wanted: 'an object' },
    { key: 'jobs.0.at', kind: 'wrong', wanted: 'a text' },
    { key: 'jobs.1.every', kind: 'unknown' },
    { key: 'jobs.1.at', kind: 'missing' },
    { key: 'tls.acme.mail', kind: 'wrong', wanted: 'a text' },
  ]);
  expect(check(schema, null)).toEqual([{ key: '', kind: 'wrong', wanted: 'an object' }]);
});

test('what every object has is no key', () => {
  expect(check(schema, { ...value, constructor: 1 })).toMatchObject([
    { kind: 'unknown' },
  ]);
  expect(check(schema, Object.create(value))).toMatchObject([
    { key: 'pools', kind: 'missing' },
    { key: 'jobs', kind: 'missing' },
    { key: 'tls', kind: 'missing' },
  ]);
});

test('of what is merged, new members of lists and objects are as the schema says', () => {
  const over = { pools: { web: { workers: 8 }, slow: {} }, jobs: [{ url: '/' }] };
  expect(mergeValue(schema, value, over)).toEqual({
    pools: { web: { workers: 8 }, 'api.v2': { workers: 2 }, slow: { workers: 4 } },
    jobs: [{ at: '', url: '/' }],
    tls: value.tls,
  });
});

test('dotted names go down to entries, and lead back', () => {
  const flat = flatten(schema, value);
  expect([...flat.keys()]).toEqual(['pools', 'jobs', 'tls.acme.mail']);
  expect([...flat.keys()]).toEqual([...entriesOf(schema).keys()]);
  expect(unflatten(flat)).toEqual(value);
});
