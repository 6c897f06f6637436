import { PackagerError } from './errors.ts';
import { removeReadOnlyTree } from './payload/remove.ts';
import { makeProofDir } from './prove/data-dir.ts';
import { type ProofServer, runToEnd, startServer } from './prove/server.ts';
import { warnOfWrites } from './prove/writes.ts';

export interface ProveOptions {
  binary: string;
  /** As the manifest says. */
  extensions: readonly string[];
  /** What it needs of a disk. */
  unpackedBytes: number;
  /** All that is in the app's tree before anybody writes there. */
  paths: ReadonlySet<string>;
  signal: AbortSignal;
}

export interface Proof {
  /** What the front page answered, for the report. */
  answer: string;
  /** Not failures, but worth a word. */
  warnings: readonly string[];
  /** From start to the first answer: with an empty data directory. */
  firstResponseMs: number;
}

/**
 * Starts the product as a customer would, with an empty environment and data directory:
 * the front page answers, PHP has the extensions of the manifest, SIGTERM ends it. Throws
 * PHPACK_E_PROVE with what the server said.
 */
export async function proveProduct(options: ProveOptions): Promise<Proof> {
  const dataDir = makeProofDir(options.unpackedBytes);
  try {
    const began = performance.now();
    const server = await startServer(options.binary, dataDir, options.signal);
    try {
      const reply = await server.get('/');
      const firstResponseMs = performance.now() - began;
      await assertExtensions(options, dataDir);
      // Only then is every line of its log here.
      await server.stop();
      const { answer, warning } = judge(reply, server);
      const complaints = server.complaints();
      const writes = warnOfWrites(dataDir, options.paths, complaints);
      const warnings = [warning, warnOfIni(complaints), writes];
      return {
        answer,
        warnings: warnings.filter((one) => one !== null),
        firstResponseMs,
      };
    } finally {
      server.kill();
    }
  } finally {
    removeReadOnlyTree(dataDir);
  }
}

interface Reply {
  status: number;
  location: string;
}

/**
 * A 500 may well be right: an app without its database or its key answers so. Not right
 * are deaths of PHP, and errors that no configuration can prevent.
 */
function judge(
  reply: Reply,
  server: ProofServer,
): { answer: string; warning: string | null } {
  const { status } = reply;
  // The port was only for this.
  const location = reply.location.replace(server.url, '');
  const answer = location === '' ? `${status}` : `${status}, to ${location}`;
  const said = server.complaints().join('\n  ') || '(nothing)';
  const isBroken = status === 502 || status === 504 || unmendable.test(said);
  if (status >= 500 && isBroken) {
    const seen = `the front page answered ${status}; the server said:\n  ${said}`;
    throw new PackagerError('PHPACK_E_PROVE', seen);
  }
  if (status < 500) return { answer, warning: null };
  const because = 'which is expected if the app lacks a database or settings here';
  return { answer, warning: `the front page answered ${status}, ${because}:\n  ${said}` };
}

/** Values of php.ini that PHP cannot follow; with one that it cannot read, nothing starts. */
function warnOfIni(complaints: readonly string[]): string | null {
  const lines = complaints.filter((line) => line.includes('PHP Startup:'));
  return lines.length === 0
    ? null
    : `PHP reports errors in php.ini:\n  ${lines.join('\n  ')}`;
}

/** Files or parts of PHP that are not in the product, or Composer's word for such. */
const unmendable = new RegExp(
  [
    'Failed opening required',
    'Class "[^"]+" not found',
    'undefined function',
    'could not find driver',
    'Composer detected issues in your platform',
  ].join('|'),
);

async function assertExtensions(options: ProveOptions, dataDir: string): Promise<void> {
  const { binary, extensions, signal } = options;
  const { status, stdout, stderr } = await runToEnd(binary, ['php-cli', '-m'], {
    env: { PHPACK_DATA_DIR: dataDir },
    signal,
  });
  if (status !== 0) {
    const said = stderr.trim() || stdout.trim();
    const seen = `php-cli -m exited with status ${status}:\n  ${said}`;
    throw new PackagerError('PHPACK_E_PROVE', seen);
  }
  const loaded = new Set(stdout.split('\n').map((line) => line.trim().toLowerCase()));
  const missing = extensions.filter((name) => !loaded.has(name.toLowerCase()));
  if (missing.length === 0) return;
  const seen = `PHP in the product lacks ${missing.join(', ')}, which its manifest lists`;
  throw new PackagerError('PHPACK_E_PROVE', seen);
}
