import type { Libphp } from '../../contract/manifest.ts';
import { readPart } from '../payload/part.ts';
import type { OpenPayload } from '../payload/trailer.ts';
import type { Product } from '../product.ts';
import type { Command } from './context.ts';

/** Needs no data directory: it works wherever the file can be executed. */
export const version: Command = async ({ product, arguments: given, write }) => {
  const facts = describe(product);
  const libphp = product.kind === 'packaged' ? await readLibphp(product.payload) : null;
  if (given.flags.has('json')) {
    const all = libphp === null ? facts : { ...facts, libphp };
    write(`${JSON.stringify(all, null, 2)}\n`);
    return 0;
  }
  for (const [name, value] of Object.entries(facts)) write(line(name, value));
  for (const one of libphp?.components ?? []) {
    const { name, version: number, licence, sha256 } = one;
    write(line('source', `${name} ${number} (${licence}) ${sha256}`));
  }
  return 0;
};

function line(name: string, value: string | readonly string[]): string {
  return `${name.padEnd(8)} ${typeof value === 'string' ? value : value.join(' ')}\n`;
}

function describe(product: Product): Record<string, string | readonly string[]> {
  const common = { node: process.versions.node };
  if (product.kind === 'development') {
    return { app: product.name, phpack: product.phpackVersion, ...common };
  }
  const { app, phpackVersion, target, php } = product.payload.manifest;
  const substitutes = php.substitutes.map(
    ({ name, version: number, pinned }) => `${name} ${number} instead of ${pinned}`,
  );
  return {
    app: app.name,
    code: app.sha256,
    phpack: phpackVersion,
    target,
    php: php.version,
    ...common,
    modules: php.extensions,
    ...(substitutes.length > 0 ? { 'not pinned': substitutes.join(', ') } : {}),
  };
}

/** Throws PHPACK_E_PAYLOAD_DAMAGED. */
async function readLibphp(payload: OpenPayload): Promise<Libphp> {
  const pieces: Buffer[] = [];
  const part = payload.manifest.parts.libphp;
  await readPart(payload, 'libphp', part, (piece) => pieces.push(piece));
  return JSON.parse(Buffer.concat(pieces).toString()) as Libphp;
}
