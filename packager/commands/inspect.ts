import { closeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AppConfig } from '../../runtime/payload/format.ts';
import type { Io } from '../io.ts';
import { type OpenProduct, openProduct, verifyPart } from '../payload/read.ts';
import { formatBytes, formatCount } from '../ui/format.ts';
import { Progress } from '../ui/progress.ts';

/** `phpack inspect FILE`: what it contains; every byte of the payload is verified. */
export async function inspect(
  file: string,
  options: { json?: boolean },
  io: Io,
): Promise<void> {
  const product = openProduct(resolve(io.cwd, file));
  try {
    const parts = Object.entries(product.manifest.parts);
    await new Progress(io).step('verify', async (tell) => {
      for (const [name, part] of parts) {
        tell(name);
        await verifyPart(product, name, part);
      }
    });
    io.stdout(options.json ? toJson(product) : toText(product));
  } finally {
    closeSync(product.fd);
  }
}

function toJson({ manifest, fileBytes, baseBytes }: OpenProduct): string {
  return `${JSON.stringify({ fileBytes, baseBytes, manifest }, null, 2)}\n`;
}

function toText({ path, manifest, fileBytes, baseBytes }: OpenProduct): string {
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
    ['made by', `phpack ${phpackVersion} for ${target}`],
    ['sizes', `base ${formatBytes(baseBytes)}`],
    ...Object.entries(parts).map(([name, { length, size }]): [string, string] => [
      '',
      `${name} ${formatBytes(length)}, ${formatBytes(size)} unpacked`,
    ]),
    ['verified', 'all parts match their checksums'],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`);
  return `${path}: ${formatBytes(fileBytes)}\n${lines.join('\n')}\n`;
}

function list(items: readonly string[], none: string): string {
  return items.length === 0 ? none : items.join(', ');
}
