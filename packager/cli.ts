/**
 * The `phpack` command: wiring of commander, and the one place where an error becomes a
 * message and an exit status.
 */
import { Command, CommanderError, Option } from 'commander';
import { ownVersion } from './base/version.ts';
import { asPackagerError, PackagerError } from './errors.ts';
import { type Io, processIo } from './io.ts';
import { defaultTarget } from './targets.ts';

/** Every command with its flags; docs/reference/cli.md lists the same (tested). */
export function createProgram(io: Io): Command {
  const program = new Command('phpack')
    .description('Packs a PHP application into one executable file.')
    .version(ownVersion(), '-V, --version', 'show the version of phpack')
    .helpOption('-h, --help', 'show commands and flags');
  program
    .command('build')
    .description('pack the application in a directory into one executable file')
    .argument('<directory>', 'the application')
    .requiredOption('-o, --output <file>', 'the file to make')
    .option('--config <file>', 'configuration instead of phpack.json in the directory')
    .option('--template <name>', 'framework, when it is not recognised')
    .option('--docroot <directory>', 'what is served, relative to the application')
    .option('--name <name>', 'name of the product and of its data directory')
    .option('--target <name>', 'platform of the product', defaultTarget)
    .option('--no-prove', 'do not start the product to see that it works')
    .addOption(allowSubstitutes())
    .addOption(
      new Option(
        '--locked',
        'fail unless PHP and Node are exactly the pinned ones',
      ).conflicts('allowSubstitutes'),
    )
    .action(async (directory: string, options: Flags<'output'>) => {
      const { build } = await import('./commands/build.ts');
      await build({ directory, ...options }, io);
    });
  program
    .command('serve')
    .description('serve the app from its directory, for development')
    .argument('<directory>', 'the application')
    .argument('[flags...]', 'flags of the product, after --')
    .option('--config <file>', 'configuration instead of phpack.json in the directory')
    .option('--template <name>', 'framework, when it is not recognised')
    .option('--docroot <directory>', 'what is served, relative to the application')
    .option('--listen <address>', 'HOST:PORT, :PORT or unix:/path')
    .addOption(allowSubstitutes())
    .action(async (directory: string, flags: string[], options: Flags<never>) => {
      const { serve } = await import('./commands/serve.ts');
      process.exitCode = await serve({ directory, flags, ...options }, io);
    });
  program
    .command('init')
    .description('write a phpack.json with what is recognised')
    .argument('[directory]', 'the application', '.')
    .action(async (directory: string) => {
      const { init } = await import('./commands/init.ts');
      init(directory, io);
    });
  program
    .command('inspect')
    .description('show what a product contains, and verify it')
    .argument('<file>', 'the product')
    .option('--json', 'print the manifest as JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const { inspect } = await import('./commands/inspect.ts');
      await inspect(file, options, io);
    });
  program
    .command('doctor')
    .description('check this machine for what the first build needs')
    .option('--fix', 'install what is missing (as root)')
    .action(async (options: { fix?: boolean }) => {
      const { doctor } = await import('./commands/doctor.ts');
      await doctor(options, io);
    });
  program
    .command('targets')
    .description('list the platforms that can be built for')
    .action(async () => {
      const { listTargets } = await import('./commands/targets.ts');
      listTargets(io);
    });
  return program;
}

function allowSubstitutes(): Option {
  const what =
    'build PHP from newer sources where the pinned ones are no longer available';
  return new Option('--allow-substitutes', what).env('PHPACK_ALLOW_SUBSTITUTES');
}

/** Values of flags as commander gives them. */
type Flags<Required extends string> = { [K in Required]: string } & {
  config?: string;
  template?: string;
  docroot?: string;
  name?: string;
  target?: string;
  prove?: boolean;
  allowSubstitutes?: boolean;
  locked?: boolean;
  listen?: string;
};

/** Runs one command line; returns the exit status. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  // Subcommands inherit neither of these two.
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({ writeOut: (text) => io.stdout(text), writeErr: () => {} });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const error = meaningOf(thrown, io);
    const [first, ...rest] = error.message.split('\n');
    io.stderr(`phpack: [${error.code}] ${[`${first}.`, ...rest].join('\n')}\n`);
    io.stderr(`  What to do: ${error.remedy}\n`);
    return error.exitStatus;
  }
}

function meaningOf(thrown: unknown, io: Io): PackagerError {
  if (io.signal.aborted) return new PackagerError('PHPACK_E_INTERRUPTED', 'interrupted');
  if (thrown instanceof CommanderError) {
    const seen = thrown.message.replace(/^error: /, '').replace(/\.$/, '');
    const text = seen === '(outputHelp)' ? 'a command is missing' : seen;
    return new PackagerError('PHPACK_E_USAGE', text, { cause: thrown });
  }
  return asPackagerError(thrown);
}

async function main(): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interruption.abort());
  }
  process.exitCode = await runCli(process.argv.slice(2), processIo(interruption.signal));
}

if (import.meta.main) await main();
