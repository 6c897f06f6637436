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

test('nothing a script logs commands the terminal', () => {
  for (const format of ['text', 'json'] as const) {
    const { log, written } = collect(format);
    const evil = 'a\x1b[2Jb\x9b31mc\bd\x7f\r\x00é\u202e';
    log.write('error', evil, { script: evil });
    log.print(`error: ${evil}\n`);
    log.flush();
    const text = written.join('');
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(text).toContain('é');
    if (format === 'text') {
      expect(text).toContain('a\\x1b[2Jb\\x9b31mc\\x08d\\x7f');
      expect(text).toContain('é\\u202e');
    } else expect(JSON.parse(text.split('\n')[0]!)).toMatchObject({ script: evil });
  }
});

test('lines of one turn are written together, without being asked to', async () => {
  const { log, written } = collect('json');
  log.write('error', '1');
  log.write('error', '2');
  expect(written).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toHaveLength(1);
});
