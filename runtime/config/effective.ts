import { availableParallelism } from 'node:os';
import { ProductError } from '../errors.ts';
import { check } from '../../contract/check.ts';
import { type AppConfig, appConfig, type ConfigKey } from '../../contract/config.ts';
import { entriesOf, flatten, unflatten } from '../../contract/schema.ts';
import { MAX_WORKERS } from '../php/layout.ts';
import { type Flag, flags } from './flags.ts';
import { checkConfig } from './check.ts';
import { memoryLimit } from './memory.ts';

export interface EffectiveConfig {
  config: AppConfig;
  /** Where a value comes from, when it is not the binary: the flag. */
  origins: ReadonlyMap<ConfigKey, string>;
}

/**
 * The binary's configuration with flags laid over it; `php.ini` and `php.env` are added
 * to, all other keys replaced. Throws PHPACK_E_CONFIG.
 */
export function applyFlags(
  fromBinary: unknown,
  given: ReadonlyMap<string, readonly string[]>,
): EffectiveConfig {
  const flat = flatten(appConfig, checkConfig(fromBinary));
  const origins = new Map<ConfigKey, string>();
  for (const flag of flags) {
    const texts = given.get(flag.name);
    if (!texts) continue;
    if (flag.name === 'set') {
      for (const text of texts) applySet(flat, origins, text);
    } else if (flag.key) {
      flat.set(flag.key, valueOf(flag, texts, flat.get(flag.key)));
      origins.set(flag.key, `--${flag.name}`);
    }
  }
  return { config: checkConfig(unflatten(flat)), origins };
}

function applySet(
  flat: Map<string, unknown>,
  origins: Map<ConfigKey, string>,
  text: string,
): void {
  const [key, value] = splitPair('set', text);
  const type = entriesOf(appConfig).get(key)?.type;
  if (!type) throw invalid('set', `${key} is not a key of the configuration`);
  const isText = type.kind === 'text' || type.kind === 'choice';
  const isWord = isText || check(type, value).length === 0;
  flat.set(key, isWord ? value : parseJson(value));
  origins.set(key as ConfigKey, '--set');
}

function valueOf(flag: Flag, texts: readonly string[], before: unknown): unknown {
  const last = texts.at(-1)!;
  switch (flag.value.kind) {
    case 'none':
      return true;
    case 'text':
      return flag.isRepeatable ? texts : last;
    case 'number':
      return parseNumber(flag.name, last);
    case 'duration':
      return parseDuration(flag.name, last);
    case 'size':
      return parseSize(flag.name, last);
    case 'pair': {
      const pairs = texts.map((text) => splitPair(flag.name, text));
      return { ...(before as object), ...Object.fromEntries(pairs) };
    }
    default:
      return flag.value satisfies never;
  }
}

function parseNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalid(name, `${JSON.stringify(text)} is not a whole number`);
}

const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds. A bare number means seconds. */
export function parseDuration(name: string, text: string): number {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text) ?? [];
  if (digits === undefined)
    throw invalid(name, `${JSON.stringify(text)} is not a duration such as 30s or 2m`);
  return Math.round(Number(digits) * durations[unit ?? 's']!);
}

const sizes: Readonly<Record<string, number>> = {
  '': 1,
  K: 1 << 10,
  M: 1 << 20,
  G: 1 << 30,
};

export function parseSize(name: string, text: string): number {
  const [, digits, unit] = /^(\d{1,12})([KMG]?)B?$/i.exec(text) ?? [];
  if (digits === undefined)
    throw invalid(name, `${JSON.stringify(text)} is not a size such as 64M`);
  return Number(digits) * sizes[unit!.toUpperCase()]!;
}

/** PHP's own `-d` takes a bare name for `name=1`; so do we. */
function splitPair(name: string, text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals).trim(), text.slice(equals + 1)];
  if (name === 'define' && text !== '' && equals < 0) return [text, '1'];
  throw invalid(name, `${JSON.stringify(text)} is not NAME=VALUE`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The kind check names the key and what it wants.
    return text;
  }
}

/** What one PHP process may need beside what it shares; measured 20 to 60 MB. */
export const WORKER_BYTES = 64 << 20;

/** `workers.count`, with 0 replaced by what suits the machine or the container. */
export function workerCount(
  configured: number,
  machine = {
    cpus: availableParallelism(),
    memoryBytes: memoryLimit(),
  },
): number {
  if (configured > 0) return Math.min(configured, MAX_WORKERS);
  const byCpu = Math.max(4, machine.cpus * 2);
  // A quarter stays for the server itself, OPcache and the system's file cache.
  const byMemory = Math.floor((machine.memoryBytes * 0.75) / WORKER_BYTES);
  return Math.max(2, Math.min(byCpu, byMemory, MAX_WORKERS));
}

function invalid(flag: string, why: string): ProductError {
  return new ProductError('PHPACK_E_CONFIG', `--${flag}: ${why}`);
}
