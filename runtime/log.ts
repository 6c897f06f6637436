import { endStderr, writeToStderr } from './log-output.ts';
import { type AppConfig, logLevels } from '../contract/config.ts';
import { printable, printableJson } from './printable.ts';

export type LogLevel = AppConfig['log']['level'];
export type LogFormat = 'json' | 'text';
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
  /**
   * Where lines go. Default: standard error, so that standard output stays for commands.
   */
  write?: (text: string) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** One record per line. Lines of one turn of the event loop are written together. */
export class Log {
  readonly format: LogFormat;
  /** The least important level that is written. */
  level: LogLevel;
  readonly #options: LogOptions;
  readonly #write: (text: string) => void;
  #lines = '';
  #isScheduled = false;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#write = options.write ?? ((text) => writeToStderr(text, this.#describeLoss));
    this.format = options.format;
    this.level = options.level;
  }

  has(level: LogLevel): boolean {
    return logLevels.indexOf(level) <= logLevels.indexOf(this.level);
  }

  /**
   * Writes nothing when the level is not wanted. Fields that are undefined are left out.
   */
  write(level: LogLevel, message: string, fields?: LogFields): void {
    if (this.has(level)) this.#add(level, message, fields);
  }

  /** Sentences for people instead of a record. */
  print(text: string): void {
    this.#lines += printable(text);
  }

  /** A line of the access log: asked for by its own flag, whatever the level. */
  access(message: string, fields: LogFields): void {
    this.#add('info', message, fields);
  }

  /** Writes what is collected now. */
  flush(): void {
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#write(lines);
  }

  /** Lets a slow reader have the last lines; call it before the process ends. */
  end(): void {
    this.flush();
    endStderr();
  }

  readonly #describeLoss = (lines: number): string =>
    this.#format('warning', 'log lines were lost: nobody read them', { lines });

  #format(level: LogLevel, message: string, fields?: LogFields): string {
    const time = new Date((this.#options.now ?? Date.now)()).toISOString();
    return this.format === 'json'
      ? `${printableJson({ level, time, msg: message, ...fields })}\n`
      : formatText(level, time, message, fields);
  }

  #add(level: LogLevel, message: string, fields?: LogFields): void {
    this.#lines += this.#format(level, message, fields);
    // Bounds what a flood in one turn may hold in memory.
    if (this.#lines.length > 256 * 1024) this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }
}

function formatText(
  level: LogLevel,
  time: string,
  message: string,
  fields: LogFields = {},
): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${plainText(value) ?? printableJson(value)}`)
    .join('');
  // A line break in a message would look like a record of its own.
  const text = printable(message.replace(/[\r\n]+/g, '\n    '));
  return `${time.slice(11, 19)} ${level.padEnd(7)} ${text}${rest}\n`;
}

/** null when it needs quotes. */
function plainText(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : null;
}
