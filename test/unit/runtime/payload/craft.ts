import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import tarStream from 'tar-stream';
import type { AppConfig } from '../../../../contract/config.ts';
import type {
  Libphp,
  PayloadManifest,
  PayloadPart,
} from '../../../../contract/manifest.ts';
import {
  encodeTrailer,
  FORMAT_VERSION,
  TRAILER_BYTES,
} from '../../../../contract/trailer.ts';

export const sha256 = (bytes: Buffer | string): string =>
  createHash('sha256').update(bytes).digest('hex');

export interface CraftedEntry {
  name: string;
  content?: string | Buffer;
  /** Makes it a symbolic link. */
  link?: string;
  isDirectory?: boolean;
  mode?: number;
}

export async function craftTar(entries: readonly CraftedEntry[]): Promise<Buffer> {
  const pack = tarStream.pack();
  const bytes = buffer(pack);
  for (const { name, content, link, isDirectory, mode } of entries) {
    const type = link !== undefined ? 'symlink' : isDirectory ? 'directory' : 'file';
    const header = { name, type, mtime: new Date(1_700_000_000_000) } as const;
    pack.entry(
      {
        ...header,
        ...(link === undefined ? {} : { linkname: link }),
        ...(mode === undefined ? {} : { mode }),
      },
      content ?? '',
    );
  }
  pack.finalize();
  return bytes;
}

export const completeConfig: AppConfig = {
  name: 'crafted',
  template: 'plain',
  documentRoot: '',
  frontController: 'index.php',
  entryScripts: 'any',
  deny: [],
  noPhp: [],
  writable: [],
  caches: [],
  exclude: [],
  include: [],
  php: { ini: {}, env: {}, extensions: [] },
  workers: {
    count: 0,
    maxRequests: 0,
    requestTimeoutMs: 0,
    requestGraceMs: 1000,
    afterFinishTimeoutMs: 0,
    queueLimit: 100,
    queueTimeoutMs: 30_000,
  },
  http: {
    listen: ['127.0.0.1:8080'],
    maxHeaderBytes: 32_768,
    maxTargetBytes: 16_384,
    maxBodyBytes: 128 << 20,
    memoryBytes: 0,
    spoolBytes: 0,
    headersTimeoutMs: 15_000,
    bodyIdleTimeoutMs: 30_000,
    keepAliveTimeoutMs: 65_000,
    writeIdleTimeoutMs: 60_000,
    streamBodies: [],
    cacheControl: {},
    drainMs: 30_000,
  },
  log: { level: 'info', access: false },
};

export interface CraftedPayload {
  file: string;
  manifest: PayloadManifest;
}

export interface CraftOptions {
  base?: Buffer;
  php?: Buffer;
  channel?: Buffer;
  libphp?: Libphp;
  config?: unknown;
  /** The last word on the manifest. */
  change?: (manifest: PayloadManifest) => void;
  /** The last word on the file. */
  corrupt?: (file: Buffer, at: { app: number; manifest: number }) => Buffer;
}

/** Writes a product as `phpack build` would: base, parts, manifest, trailer. */
export function craftProduct(
  file: string,
  tar: Buffer,
  options: CraftOptions = {},
): CraftedPayload {
  const base = options.base ?? Buffer.from('base executable');
  const decoded = {
    app: tar,
    php: options.php ?? Buffer.from('#!/bin/sh\necho php\n'),
    channel: options.channel ?? Buffer.from('channel'),
    libphp: Buffer.from(JSON.stringify(options.libphp ?? { components: [] })),
  };
  const encoded = Object.values(decoded).map((bytes) => zstdCompressSync(bytes));
  const manifest: PayloadManifest = {
    format: FORMAT_VERSION,
    target: 'linux-x64-gnu',
    phpackVersion: '0.0.0-test',
    app: {
      name: 'crafted',
      sha256: sha256(tar),
      files: 1,
      template: 'plain',
      documentRoot: '',
    },
    parts: { app: partOf(0), php: partOf(1), channel: partOf(2), libphp: partOf(3) },
    php: { version: '8.4.0', extensions: [], substitutes: [] },
    config: options.config ?? completeConfig,
  };
  // Offsets count from the end, and the manifest's length depends on them: two rounds
  // suffice.
  let text = Buffer.alloc(0);
  for (let round = 0; round < 4; round++) {
    let fromEnd = TRAILER_BYTES + text.length;
    for (const index of [3, 2, 1, 0]) {
      fromEnd += encoded[index]!.length;
      partAt(index).fromEnd = fromEnd;
    }
    options.change?.(manifest);
    text = Buffer.from(JSON.stringify(manifest));
  }
  const partBytes = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
  const trailer = encodeTrailer({
    manifestSha256: createHash('sha256').update(text).digest(),
    manifestBytes: text.length,
    payloadBytes: partBytes + text.length,
  });
  const whole = Buffer.concat([base, ...encoded, text, trailer]);
  const at = { app: base.length, manifest: whole.length - TRAILER_BYTES - text.length };
  writeFileSync(file, options.corrupt?.(whole, at) ?? whole, { mode: 0o755 });
  return { file, manifest };

  function partOf(index: number): PayloadPart {
    const bytes = Object.values(decoded)[index]!;
    const { length } = encoded[index]!;
    return { fromEnd: 0, length, size: bytes.length, sha256: sha256(bytes) };
  }

  function partAt(index: number): PayloadPart {
    return Object.values(manifest.parts)[index]!;
  }
}
