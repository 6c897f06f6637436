import { dirname } from 'node:path';
import {
  type ManifestDraft,
  type PartName,
  sealPayload,
  type WrittenPart,
} from '../../contract/manifest.ts';
import { PackagerError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { Parts } from '../parts.ts';
import type { AppTree } from '../project/walk.ts';
import { formatBytes, formatCount } from '../ui/format.ts';
import type { Progress } from '../ui/progress.ts';
import { archiveTree } from './archive.ts';
import type { EncodedPart } from './encoder.ts';
import { OutputFile } from './output.ts';
import { compressPart } from './part.ts';

export interface ProductPlan {
  /** Absolute path. */
  output: string;
  parts: Parts;
  tree: AppTree;
  /** All but what is known only when the app is packed. */
  manifest: Omit<ManifestDraft, 'app'> & { app: Omit<ManifestDraft['app'], 'sha256'> };
}

export interface WrittenProduct {
  /** Complete and executable, but still without its name: `publish` or `discard` it. */
  file: OutputFile;
  baseBytes: number;
  parts: Readonly<Record<PartName, EncodedPart>>;
}

/**
 * Writes base, parts, manifest and trailer. Leaves nothing when it throws, such as
 * PHPACK_E_PARTS and what OutputFile throws.
 */
export async function writeProduct(
  plan: ProductPlan,
  progress: Progress,
  io: Io,
): Promise<WrittenProduct> {
  const php = await progress.step('compress PHP', () => compressPart(plan.parts.php));
  assertDescribed(php, plan.parts);
  const channel = await compressPart(plan.parts.channel);
  const libphp = await compressPart(plan.parts.libphp);
  const file = await progress.step(
    'copy base',
    () => new OutputFile(plan.output, plan.parts.base),
  );
  try {
    const baseBytes = file.size;
    const place = (part: EncodedPart, write: () => void): WrittenPart => {
      const { length, size, sha256 } = part;
      const offset = file.size;
      write();
      return { offset, length, size, sha256 };
    };
    const written: Omit<Record<PartName, WrittenPart>, 'app'> = {
      php: place(php, () => file.appendFile(php.file)),
      channel: place(channel, () => file.appendFile(channel.file)),
      libphp: place(libphp, () => file.appendFile(libphp.file)),
    };
    const offset = file.size;
    const app = await packApp(plan, file, progress, io);
    const parts = { app: { offset, ...app }, ...written };
    const { manifest } = plan;
    const draft = { ...manifest, app: { ...manifest.app, sha256: app.sha256 } };
    file.append(sealPayload(draft, parts, file.size, baseBytes));
    await progress.step('flush to disk', () => file.seal());
    return { file, baseBytes, parts };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** libphp.json would speak of something else: what it says is relied on. */
function assertDescribed(php: EncodedPart, parts: Parts): void {
  if (php.sha256 === parts.facts.sha256) return;
  const seen = `${parts.php} is not the file that ${parts.libphp} describes`;
  const remedy = `Remove ${dirname(parts.php)} and build again.`;
  throw new PackagerError('PHPACK_E_PARTS', seen, { remedy });
}

function packApp(
  { tree }: ProductPlan,
  file: OutputFile,
  progress: Progress,
  io: Io,
): Promise<EncodedPart> {
  const total = tree.entries.filter((entry) => entry.kind === 'file').length;
  return progress.step(
    'pack app',
    (tell) =>
      archiveTree(tree, {
        write: (piece) => file.append(piece),
        onStale: (path) => progress.warn(staleText(path)),
        onFile: (files) => {
          if (files % 500 === 0) tell(`${formatCount(files, 'file')} of ${total}`);
        },
        signal: io.signal,
      }),
    ({ length, size }) => `${formatBytes(size)}, compressed ${formatBytes(length)}`,
  );
}

function staleText(path: string): string {
  const base = path.slice(0, path.lastIndexOf('.'));
  return `${path} is not ${base} compressed: it is sent by its own name only`;
}
