import { expect, test } from 'vitest';
import { BODY_DESCRIPTOR } from '../../../../runtime/php/layout.ts';
import { Exchange, type ExchangeOwner } from '../../../../runtime/php/exchange.ts';
import type { PhpRequestHead, PhpResponseSink } from '../../../../runtime/php/types.ts';

const owner: ExchangeOwner = {
  parseHead: () => ({ status: 200, headers: [], reason: '', problems: [] }),
  onOver: () => {},
};
const sink = {} as PhpResponseSink;
const head = {} as PhpRequestHead;

test('only the worker of this very request gets its body', () => {
  const body = { kind: BODY_DESCRIPTOR, length: 1, feed: null, fd: 99 };
  const exchange = new Exchange(owner, head, sink, 7, 0, body);
  expect(exchange.bodyDescriptor(7)).toBe(99);
  expect(exchange.bodyDescriptor(6)).toBe(-1);
});
