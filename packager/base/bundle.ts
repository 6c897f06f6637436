import { build } from 'esbuild';
import { PackagerError } from '../errors.ts';
import { home } from './home.ts';

/**
 * The runtime as one CommonJS script, as a SEA needs it. Dynamic imports stay lazy: their
 * code is in the file and in the code cache, and runs only when it is asked for.
 * Throws PHPACK_E_PARTS with esbuild's own messages.
 */
export async function bundleRuntime(entry: string): Promise<Uint8Array> {
  try {
    const result = await build({
      entryPoints: [entry],
      absWorkingDir: home,
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      // Readable stack traces in the customer's log are worth 100 KB.
      minifySyntax: true,
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'silent',
      logOverride: { 'empty-import-meta': 'error' },
    });
    return result.outputFiles[0]!.contents;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new PackagerError(
      'PHPACK_E_PARTS',
      `esbuild cannot bundle the runtime: ${text}`,
    );
  }
}
