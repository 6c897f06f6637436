import type { ExchangeBody } from './body.ts';
import { byteOf, type Channel, type SlotUser, wordOf } from './channel.ts';
import { REQUEST_HEAD, REQUEST_HEAD_OFFSET, slot as field } from './layout.ts';
import type { PhpRequestHead } from './types.ts';

const ABORTED = field.aborted >> 2;
const WORKER_WAITS = field.worker_waits >> 2;
const SERIAL = field.request_serial >> 2;
const HEAD_BYTES = field.head_bytes >> 2;
const HEADERS = field.header_count >> 2;
const VARIABLES = field.variable_count >> 2;
const BODY_KIND = field.body_kind >> 2;
const LENGTH_LOW = field.body_length_low >> 2;
const LENGTH_HIGH = field.body_length_high >> 2;
const BODY_WRITTEN = field.body_written >> 2;
const LAST = field.overdue >> 2;

/**
 * Writes a request into a slot nobody else can see yet. False when its head is larger
 * than the slot has room for. Plain stores: queue() publishes them.
 */
export function fillSlot<User extends SlotUser>(
  channel: Channel<User>,
  slot: number,
  serial: number,
  head: PhpRequestHead,
  text: string,
  body: ExchangeBody,
): boolean {
  if (text.length > REQUEST_HEAD) return false;
  const { words } = channel;
  const base = wordOf(slot);
  channel.bytes.latin1Write(text, byteOf(slot) + REQUEST_HEAD_OFFSET, text.length);
  words[base + ABORTED] = 0;
  words[base + WORKER_WAITS] = 0;
  words[base + SERIAL] = serial;
  words[base + HEAD_BYTES] = text.length;
  words[base + HEADERS] = head.rawHeaders.length >> 1;
  words[base + VARIABLES] = head.variables.length >> 1;
  words[base + BODY_KIND] = body.kind;
  const { length } = body;
  words[base + LENGTH_LOW] = length < 0 ? -1 : length | 0;
  words[base + LENGTH_HIGH] = length < 0 ? -1 : Math.floor(length / 0x1_0000_0000);
  // All progress words, from the request body's to the outcome.
  for (let word = base + BODY_WRITTEN; word <= base + LAST; word++) words[word] = 0;
  body.feed?.start(channel, slot);
  return true;
}
