import { configFaults } from '../../contract/faults.ts';
import { ProductError } from '../errors.ts';
import { logLevels } from '../log.ts';
import type { AppConfig } from '../../contract/config.ts';

export type ValueKind =
  | 'text'
  | 'texts'
  | 'text map'
  | 'number'
  | 'boolean'
  | 'log level'
  | 'any or texts';

/** Every key of AppConfig, dotted, with the kind of its value. */
export const configKeys = {
  name: 'text',
  template: 'text',
  documentRoot: 'text',
  frontController: 'text',
  entryScripts: 'any or texts',
  deny: 'texts',
  noPhp: 'texts',
  writable: 'texts',
  caches: 'texts',
  exclude: 'texts',
  include: 'texts',
  'php.ini': 'text map',
  'php.env': 'text map',
  'php.extensions': 'texts',
  'workers.count': 'number',
  'workers.maxRequests': 'number',
  'workers.requestTimeoutMs': 'number',
  'workers.requestGraceMs': 'number',
  'workers.afterFinishTimeoutMs': 'number',
  'workers.queueLimit': 'number',
  'workers.queueTimeoutMs': 'number',
  'http.listen': 'texts',
  'http.maxHeaderBytes': 'number',
  'http.maxTargetBytes': 'number',
  'http.maxBodyBytes': 'number',
  'http.memoryBytes': 'number',
  'http.spoolBytes': 'number',
  'http.headersTimeoutMs': 'number',
  'http.bodyIdleTimeoutMs': 'number',
  'http.keepAliveTimeoutMs': 'number',
  'http.writeIdleTimeoutMs': 'number',
  'http.streamBodies': 'texts',
  'http.cacheControl': 'text map',
  'http.drainMs': 'number',
  'log.level': 'log level',
  'log.access': 'boolean',
} as const satisfies Record<string, ValueKind>;

export type ConfigKey = keyof typeof configKeys;

export function isConfigKey(text: string): text is ConfigKey {
  return Object.hasOwn(configKeys, text);
}

const groups = new Set(['php', 'workers', 'http', 'log']);

/** The configuration as dotted keys. Unknown keys come out too, for the check to find. */
export function flatten(value: unknown): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(asObject(value))) {
    if (!groups.has(key)) flat.set(key, inner);
    else for (const [k, v] of Object.entries(asObject(inner))) flat.set(`${key}.${k}`, v);
  }
  return flat;
}

/**
 * The configuration a manifest carries, complete and valid. Throws PHPACK_E_CONFIG with
 * every fault found, not only the first.
 */
export function checkConfig(value: unknown): AppConfig {
  const flat = flatten(value);
  const faults = [...flat.keys()]
    .filter((key) => !isConfigKey(key))
    .map((key) => `${key} is unknown`);
  for (const [key, kind] of Object.entries(configKeys)) {
    if (!flat.has(key)) faults.push(`${key} is missing`);
    else if (!isOfKind(flat.get(key), kind))
      faults.push(`${key} must be ${wanted(kind)}`);
  }
  const config = value as AppConfig;
  if (faults.length === 0) faults.push(...configFaults(config));
  if (faults.length === 0) return config;
  throw new ProductError('PHPACK_E_CONFIG', `configuration: ${faults.join('; ')}`);
}

export function isOfKind(value: unknown, kind: ValueKind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'text map':
      return (
        isObject(value) && Object.values(value).every((one) => typeof one === 'string')
      );
    case 'number':
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case 'boolean':
      return typeof value === 'boolean';
    case 'log level':
      return logLevels.some((level) => level === value);
    case 'any or texts':
      return value === 'any' || isOfKind(value, 'texts');
    default:
      return kind satisfies never;
  }
}

/** What a value of the kind is, for a message. */
export function wanted(kind: ValueKind): string {
  switch (kind) {
    case 'text':
      return 'a text';
    case 'texts':
      return 'a list of texts';
    case 'text map':
      return 'an object of texts';
    case 'number':
      return 'a whole number, 0 or more';
    case 'boolean':
      return 'true or false';
    case 'log level':
      return `one of ${logLevels.join(', ')}`;
    case 'any or texts':
      return '"any" or a list of texts';
    default:
      return kind satisfies never;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value;
  throw new ProductError('PHPACK_E_CONFIG', 'configuration: an object is missing');
}
