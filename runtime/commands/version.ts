import type { Product } from '../product.ts';
import type { Command } from './context.ts';

/** Needs no data directory: it works wherever the file can be executed. */
export const version: Command = async ({ product, arguments: given, write }) => {
  const facts = describe(product);
  if (given.flags.has('json')) {
    write(`${JSON.stringify(facts, null, 2)}\n`);
    return 0;
  }
  for (const [name, value] of Object.entries(facts)) {
    write(`${name.padEnd(8)} ${typeof value === 'string' ? value : value.join(' ')}\n`);
  }
  return 0;
};

function describe(product: Product): Record<string, string | readonly string[]> {
  const common = { node: process.versions.node };
  if (product.kind === 'development') {
    return { app: product.name, phpack: product.phpackVersion, ...common };
  }
  const { app, phpackVersion, target, php } = product.payload.manifest;
  return {
    app: app.name,
    code: app.sha256,
    phpack: phpackVersion,
    target,
    php: php.version,
    ...common,
    modules: php.extensions,
  };
}
