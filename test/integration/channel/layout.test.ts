import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as layout from '../../../runtime/php/layout.ts';

const header = join(import.meta.dirname, '../../../native/channel/layout.h');

const structs = {
  phpack_channel: layout.channel,
  phpack_worker: layout.worker,
  phpack_slot: layout.slot,
  phpack_log_record: layout.logRecord,
};

const macros: Record<string, number> = {
  MAGIC: layout.MAGIC,
  LAYOUT_VERSION: layout.LAYOUT_VERSION,
  MAX_WORKERS: layout.MAX_WORKERS,
  MAX_SLOTS: layout.MAX_SLOTS,
  RING_ENTRIES: layout.RING_ENTRIES,
  SLOTS_OFFSET: layout.SLOTS_OFFSET,
  SLOT_BYTES: layout.SLOT_BYTES,
  REQUEST_HEAD: layout.REQUEST_HEAD,
  REQUEST_RING: layout.REQUEST_RING,
  RESPONSE_HEAD: layout.RESPONSE_HEAD,
  RESPONSE_RING: layout.RESPONSE_RING,
  REQUEST_HEAD_OFFSET: layout.REQUEST_HEAD_OFFSET,
  RESPONSE_HEAD_OFFSET: layout.RESPONSE_HEAD_OFFSET,
  REQUEST_RING_OFFSET: layout.REQUEST_RING_OFFSET,
  RESPONSE_RING_OFFSET: layout.RESPONSE_RING_OFFSET,
  FREE: layout.FREE,
  QUEUED: layout.QUEUED,
  TAKEN: layout.TAKEN,
  DONE: layout.DONE,
  BODY_NONE: layout.BODY_NONE,
  BODY_RING: layout.BODY_RING,
  BODY_DESCRIPTOR: layout.BODY_DESCRIPTOR,
  OUTCOME_OK: layout.OUTCOME_OK,
  OUTCOME_EXITED: layout.OUTCOME_EXITED,
  OUTCOME_SIGNALED: layout.OUTCOME_SIGNALED,
  OUTCOME_TIMEOUT: layout.OUTCOME_TIMEOUT,
  LOG_MORE: layout.LOG_MORE,
};

/** What a C compiler makes of layout.h, as `name value` lines. */
function compileLayout(): Map<string, number> {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-layout-'));
  const lines = Object.entries(structs).flatMap(([struct, fields]) =>
    Object.keys(fields).map(
      (field) => `P("${struct}.${field}", offsetof(struct ${struct}, ${field}))`,
    ),
  );
  for (const name of Object.keys(macros)) lines.push(`P("${name}", PHPACK_${name})`);
  lines.push('P("WORKER_BYTES", sizeof(struct phpack_worker))');
  lines.push('P("LOG_HEADER", sizeof(struct phpack_log_record))');
  const source = `#include <stddef.h>\n#include <stdio.h>\n#include "${header}"\n
#define P(name, value) printf("%s %lu\\n", name, (unsigned long)(value));
int main(void) { ${lines.join('\n')} return 0; }\n`;
  try {
    writeFileSync(join(dir, 'print.c'), source);
    execFileSync('cc', ['-o', join(dir, 'print'), join(dir, 'print.c')]);
    const text = execFileSync(join(dir, 'print'), { encoding: 'utf8' });
    return new Map(
      text
        .trim()
        .split('\n')
        .map((line) => {
          const [name, value] = line.split(' ');
          return [name!, Number(value)];
        }),
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const compiled = compileLayout();

test.each(Object.entries(structs))('%s has the offsets layout.h has', (name, fields) => {
  const expected = Object.keys(fields).map((f) => [f, compiled.get(`${name}.${f}`)]);
  expect(fields).toEqual(Object.fromEntries(expected));
});

test('constants have the values layout.h has', () => {
  const expected = Object.keys(macros).map((m) => [m, compiled.get(m)]);
  expect(macros).toEqual(Object.fromEntries(expected));
  expect(layout.WORKER_BYTES).toBe(compiled.get('WORKER_BYTES'));
  expect(layout.LOG_HEADER).toBe(compiled.get('LOG_HEADER'));
});

test('no word of layout.h is missing in layout.ts', () => {
  const text = readFileSync(header, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [name, fields] of Object.entries(structs)) {
    const body = new RegExp(`struct ${name} \\{([\\s\\S]*?)\\n\\};`).exec(text)![1]!;
    const names = body
      .split(';')
      .flatMap((statement) =>
        statement
          .trim()
          .replace(/^(struct )?\w+\s+/, '')
          .split(','),
      )
      .map((field) => field.trim().replace(/\[.*$/, ''))
      .filter((field) => field && !/^(reserved|pad)/.test(field));
    expect(Object.keys(fields).sort()).toEqual(names.sort());
  }
});
