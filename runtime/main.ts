/**
 * The product's entry: what this process is to be, and how it fails. Everything a server
 * does not need at its start is imported where it is used.
 */
import { existsSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { isSea } from 'node:sea';
import { isatty } from 'node:tty';
import type { Command } from './commands/context.ts';
import { type ParsedArguments, parseArguments } from './config/arguments.ts';
import type { CommandName } from './config/flags.ts';
import { asProductError, errnoOf, ProductError } from './errors.ts';
import { logLevels } from '../contract/config.ts';
import { Log, type LogFormat, type LogLevel } from './log.ts';
import { readArguments, readEnvironment, readWorkingDirectory } from './os-text.ts';
import { fileSystemError } from './payload/data-dir.ts';
import { openPayload } from './payload/trailer.ts';
import { type Product, readDevelopmentProduct } from './product.ts';

async function loadCommand(name: CommandName): Promise<Command> {
  switch (name) {
    case 'serve':
      return (await import('./commands/serve.ts')).serve;
    case 'php-cli':
      return (await import('./commands/php-cli.ts')).phpCli;
    case 'config':
      return (await import('./commands/config.ts')).config;
    case 'extract':
      return (await import('./commands/extract.ts')).extract;
    case 'prune':
      return (await import('./commands/prune.ts')).prune;
    case 'version':
      return (await import('./commands/version.ts')).version;
    case 'help':
      return (await import('./commands/help.ts')).help;
    default:
      return name satisfies never;
  }
}

/** argv of a packaged binary and of `node main.ts` alike: two words before the user's. */
const userArguments = readArguments(process.argv.slice(2));

function parse(): { product: () => Product; arguments: ParsedArguments } {
  const [first, file, ...rest] = userArguments;
  if (!isSea() && first === '--development' && file !== undefined) {
    const product = (): Product => readDevelopmentProduct(file);
    return { product, arguments: parseArguments(rest) };
  }
  const product = openOwnProduct;
  if (basename(process.argv0) === 'php') {
    return {
      product,
      arguments: { command: 'php-cli', flags: new Map(), rest: userArguments },
    };
  }
  return { product, arguments: parseArguments(userArguments) };
}

function openOwnProduct(): Product {
  // By its own name in messages.
  return { kind: 'packaged', payload: openPayload(ownFile(), process.execPath) };
}

/** Also right when the file has been replaced since: the old one stays open. */
function ownFile(): string {
  const own = '/proc/self/exe';
  // A chroot may have no /proc.
  return existsSync(own) ? own : process.execPath;
}

function createLog({ command, flags }: ParsedArguments): Log {
  const format = flags.get('log-format')?.at(-1);
  if (format !== undefined && !isFormat(format)) {
    throw new ProductError('PHPACK_E_USAGE', `--log-format: ${format} is unknown`);
  }
  const level = flags.get('log-level')?.at(-1);
  const isText = command !== 'serve' || isatty(2);
  return new Log({
    // serve takes the configured level as soon as it knows it.
    level: isLevel(level) ? level : command === 'serve' ? 'info' : 'warning',
    format: format ?? (isText ? 'text' : 'json'),
  });
}

function isLevel(text: string | undefined): text is LogLevel {
  return logLevels.some((level) => level === text);
}

function isFormat(text: string | undefined): text is LogFormat {
  return text === 'json' || text === 'text';
}

async function run(): Promise<number> {
  let log = new Log({ level: 'info', format: 'text' });
  try {
    const { product, arguments: given } = parse();
    log = createLog(given);
    const command = await loadCommand(given.command);
    return await command({
      product: product(),
      arguments: given,
      env: readEnvironment(process.env),
      cwd: workingDirectory(),
      log,
      write: writeOut,
    });
  } catch (thrown) {
    // `… config | head`: whoever read has seen enough. The shell's status for SIGPIPE.
    if (errnoOf(thrown) === 'EPIPE') return 141;
    return reportFailure(asProductError(thrown), log);
  } finally {
    log.end();
  }
}

/** Of a directory that has been removed, relative names mean nothing; all others do. */
function workingDirectory(): string {
  try {
    return readWorkingDirectory(process.cwd());
  } catch {
    return '/';
  }
}

/** For people in full sentences, for programs as one record. */
function reportFailure(error: ProductError, log: Log): number {
  const { message, code, remedy, exitStatus } = error;
  if (log.format === 'json') log.write('error', message, { code, remedy });
  else log.print(`error: ${message}\n  code ${code}\n  ${remedy}\n`);
  return exitStatus;
}

function writeOut(text: string): void {
  try {
    writeAll(text);
  } catch (error) {
    throw fileSystemError(error, 'standard output');
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Waits for a reader whose end was made not to block. */
function writeAll(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

const FORGOTTEN_HANDLES_MS = 500;

/**
 * By the event loop's own end. process.exit() joins V8's threads without ending the isolate
 * first: one that waits for a garbage collection then waits for ever (seen in one of twenty
 * failed starts). Only a handle that somebody forgot makes it necessary.
 */
function endProcess(status: number): void {
  process.exitCode = status;
  setTimeout(() => process.exit(status), FORGOTTEN_HANDLES_MS).unref();
}

void run().then(endProcess);
