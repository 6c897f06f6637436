import { closeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AppConfig } from '../../contract/config.ts';
import type { Libphp } from '../../contract/manifest.ts';
import type { Io } from '../io.ts';
import { type OpenProduct, openProduct, verifyPart } from '../payload/read.ts';
import { formatBytes, formatCount } from '../ui/format.ts';
import { Progress } from '../ui/progress.ts';
import { formatSubstitute } from '../ui/report.ts';

/** `phpack inspect FILE`: what it contains; every byte of the payload is verified. */
export async function inspect(
  file: string,
  options: { json?: boolean },
  io: Io,
): Promise<void> {
  const product = openProduct(resolve(io.cwd, file));
  try {
    const parts = Object.entries(product.manifest.parts);
    const progress = new Progress(io);
    const pieces: Buffer[] = [];
    await progress.step('verify', async (tell) => {
      for (const [name, part] of parts) {
        tell(name);
        const isKept = name === 'libphp';
        await verifyPart(product, name, part, (piece) => isKept && pieces.push(piece));
      }
    });
    const libphp = JSON.parse(Buffer.concat(pieces).toString()) as Libphp;
    io.stdout(options.json ? toJson(product, libphp) : toText(product, libphp));
  } finally {
    closeSync(product.fd);
  }
}

function toJson(product: OpenProduct, libphp: Libphp): string {
  const { manifest, fileBytes, baseBytes } = product;
  return `${JSON.stringify({ fileBytes, baseBytes, manifest, libphp }, null, 2)}\n`;
}

function toText(product: OpenProduct, { components }: Libphp): string {
  const { path, manifest, fileBytes, baseBytes } = product;
  const { app, php, parts, target, phpackVersion } = manifest;
  const { writable, caches, entryScripts } = manifest.config as AppConfig;
  const rows: [string, string][] = [
    ['app', `${app.name} (${app.template}), ${formatCount(app.files, 'file')}`],
    ['', `serves ${app.documentRoot === '' ? 'its root' : `${app.documentRoot}/`}`],
    ['', `sha256 ${app.sha256}`],
    [
      'scripts',
      entryScripts === 'any' ? 'any' : list(entryScripts, 'front controller only'),
    ],
    ['writable', list(writable, 'nothing')],
    ['caches', list(caches, 'none')],
    ['PHP', `${php.version}, ${formatCount(php.extensions.length, 'extension')}`],
    ['', php.extensions.join(' ')],
    ...components.map(({ name, version, licence, sha256 }, at): [string, string] => [
      at === 0 ? 'made of' : '',
      `${name} ${version} (${licence}) ${sha256}`,
    ]),
    php.substitutes.length === 0
      ? ['pinned', 'all of it']
      : ['not pinned', php.substitutes.map(formatSubstitute).join(', ')],
    ['made by', `phpack ${phpackVersion} for ${target}`],
    ['sizes', `base ${formatBytes(baseBytes)}`],
    ...Object.entries(parts).map(([name, { length, size }]): [string, string] => [
      '',
      `${name} ${formatBytes(length)}, ${formatBytes(size)} unpacked`,
    ]),
    ['verified', 'all parts match their checksums'],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`);
  return `${path}: ${formatBytes(fileBytes)}\n${lines.join('\n')}\n`;
}

function list(items: readonly string[], none: string): string {
  return items.length === 0 ? none : items.join(', ');
}
