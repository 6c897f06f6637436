import type { NativeAddon } from '../native.ts';
import { type BodyFeed, BytesFeed, StreamFeed } from './feed.ts';
import { BODY_DESCRIPTOR, BODY_NONE, BODY_RING } from './layout.ts';
import type { PhpRequestBody, PhpRequestHead } from './types.ts';

/** A request's body, as it will reach the worker. */
export interface ExchangeBody {
  /** BODY_NONE, BODY_RING or BODY_DESCRIPTOR of the layout. */
  readonly kind: number;
  /** Bytes; -1: unknown. */
  readonly length: number;
  /** For BODY_RING. */
  readonly feed: BodyFeed | null;
  /** For BODY_DESCRIPTOR: a descriptor of our own, closed with the exchange. Else -1. */
  fd: number;
  /** Tells the front that the body is gone. */
  readonly release?: (() => void) | undefined;
}

export const noBody: ExchangeBody = { kind: BODY_NONE, length: 0, feed: null, fd: -1 };

/** Takes over what the front submits. Throws when the file cannot be opened again. */
export function acceptBody(
  addon: NativeAddon,
  head: PhpRequestHead,
  body: PhpRequestBody,
): ExchangeBody {
  switch (body.kind) {
    case 'none':
      return noBody;
    case 'bytes': {
      const { bytes, release } = body;
      if (bytes.length === 0) return noBody;
      const feed = new BytesFeed(bytes);
      return { kind: BODY_RING, length: bytes.length, feed, fd: -1, release };
    }
    case 'file': {
      const { length, release } = body;
      if (length === 0) return noBody;
      const fd = addon.reopenForReading(body.fd);
      return { kind: BODY_DESCRIPTOR, length, feed: null, fd, release };
    }
    case 'stream': {
      const length = head.contentLength === '' ? -1 : Number(head.contentLength);
      return { kind: BODY_RING, length, feed: new StreamFeed(body.stream), fd: -1 };
    }
    default:
      return body satisfies never;
  }
}
