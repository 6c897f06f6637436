import { expect, test } from 'vitest';
import { Log, type LogFormat } from '../../../runtime/log.ts';

function collect(format: LogFormat): { log: Log; written: string[] } {
  const written: string[] = [];
  const write = (text: string): number => written.push(text);
  const log = new Log({ level: 'notice', format, write, now: () => 0 });
  return { log, written };
}

test('one JSON object per line, whatever is in the message', () => {
  const { log, written } = collect('json');
  log.write('error', 'two\nlines "quoted"', { status: 500, none: undefined });
  log.flush();
  expect(written.join('').trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(written.join(''))).toEqual({
    level: 'error',
    time: '1970-01-01T00:00:00.000Z',
    msg: 'two\nlines "quoted"',
    status: 500,
  });
});

test('only what is as important as the level; the access log always', () => {
  const { log, written } = collect('json');
  log.write('info', 'hidden');
  log.write('notice', 'shown');
  log.access('GET /', { status: 200 });
  log.level = 'error';
  log.write('notice', 'hidden');
  log.flush();
  const messages = written.join('').match(/"msg":"[^"]*"/g);
  expect(messages).toEqual(['"msg":"shown"', '"msg":"GET /"']);
});

test('text for people: time, level, message, fields', () => {
  const { log, written } = collect('text');
  log.write('warning', 'a\nb', { path: '/x', text: 'two words', count: 1 });
  log.flush();
  expect(written.join('')).toBe(
    '00:00:00 warning a\n    b path=/x text="two words" count=1\n',
  );
});

test('lines of one turn are written together, without being asked to', async () => {
  const { log, written } = collect('json');
  log.write('error', '1');
  log.write('error', '2');
  expect(written).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toHaveLength(1);
});
