import * as z from 'zod/mini';
import type { AppConfig } from '../../contract/config.ts';

const text = z.string();
const texts = z.array(z.string());
const textMap = z.record(z.string(), z.string());
const whole = z.number().check(z.int(), z.minimum(0));

const php = {
  ini: textMap,
  env: textMap,
  extensions: texts,
};

const workers = {
  count: whole,
  maxRequests: whole,
  requestTimeoutMs: whole,
  requestGraceMs: whole,
  afterFinishTimeoutMs: whole,
  queueLimit: whole,
  queueTimeoutMs: whole,
};

/** Roughly, as the product reads it: what it cannot be at all is found while building. */
const address = text.check(
  z.regex(
    /^(unix:\/.+|.*:\d{1,5})$/,
    'is none of HOST:PORT, [IPV6]:PORT, :PORT, unix:/PATH',
  ),
);

const http = {
  listen: z.array(address),
  maxHeaderBytes: whole,
  maxTargetBytes: whole,
  maxBodyBytes: whole,
  memoryBytes: whole,
  spoolBytes: whole,
  headersTimeoutMs: whole,
  bodyIdleTimeoutMs: whole,
  keepAliveTimeoutMs: whole,
  writeIdleTimeoutMs: whole,
  streamBodies: texts,
  cacheControl: textMap,
  drainMs: whole,
};

const log = {
  level: z.enum(['error', 'warning', 'notice', 'info', 'debug']),
  access: z.boolean(),
};

const top = {
  name: text,
  template: text,
  documentRoot: text,
  frontController: text,
  entryScripts: z.union([z.literal('any'), texts]),
  deny: texts,
  noPhp: texts,
  writable: texts,
  caches: texts,
  exclude: texts,
  include: texts,
};

/** `phpack.json`, and `config` of a template: every key may be absent, none unknown. */
export const configFile = z.strictObject({
  ...optional(top),
  php: z.optional(z.strictObject(optional(php))),
  workers: z.optional(z.strictObject(optional(workers))),
  http: z.optional(z.strictObject(optional(http))),
  log: z.optional(z.strictObject(optional(log))),
});

export type ConfigFile = z.infer<typeof configFile>;

/** Every key, dotted, in the order of docs/reference/config.md. */
export const configKeys: readonly string[] = [
  ...Object.keys(top),
  ...Object.entries({ php, workers, http, log }).flatMap(([group, keys]) =>
    Object.keys(keys).map((key) => `${group}.${key}`),
  ),
];

/** What holds when neither the template nor phpack.json says otherwise. */
export const defaultConfig: AppConfig = {
  name: 'app',
  template: 'plain',
  documentRoot: '',
  frontController: 'index.php',
  entryScripts: [],
  deny: [],
  noPhp: [],
  writable: [],
  caches: [],
  exclude: [],
  include: [],
  php: { ini: {}, env: {}, extensions: [] },
  workers: {
    count: 0,
    // Bounds what leaks in extensions, and is rare enough to cost nothing.
    maxRequests: 1000,
    requestTimeoutMs: 120_000,
    requestGraceMs: 5000,
    afterFinishTimeoutMs: 0,
    queueLimit: 1000,
    queueTimeoutMs: 30_000,
  },
  http: {
    // Only this machine, until somebody decides otherwise.
    listen: ['127.0.0.1:8080'],
    maxHeaderBytes: 32 << 10,
    maxTargetBytes: 8 << 10,
    maxBodyBytes: 256 << 20,
    memoryBytes: 0,
    spoolBytes: 0,
    headersTimeoutMs: 15_000,
    bodyIdleTimeoutMs: 30_000,
    keepAliveTimeoutMs: 15_000,
    writeIdleTimeoutMs: 60_000,
    streamBodies: [],
    cacheControl: {},
    drainMs: 30_000,
  },
  log: { level: 'info', access: false },
};

/** Later layers win: arrays and values are replaced, objects merged key by key. */
export function mergeConfig(...layers: readonly ConfigFile[]): AppConfig {
  return layers.reduce<AppConfig>((under, over) => {
    const { php, workers, http, log, ...rest } = over;
    const ini = { ...under.php.ini, ...php?.ini };
    const env = { ...under.php.env, ...php?.env };
    return {
      ...under,
      ...rest,
      php: { ...under.php, ...php, ini, env },
      workers: { ...under.workers, ...workers },
      http: {
        ...under.http,
        ...http,
        cacheControl: { ...under.http.cacheControl, ...http?.cacheControl },
      },
      log: { ...under.log, ...log },
    };
  }, defaultConfig);
}

type Optional<T extends Record<string, z.ZodMiniType>> = {
  [K in keyof T]: z.ZodMiniOptional<T[K]>;
};

function optional<T extends Record<string, z.ZodMiniType>>(shape: T): Optional<T> {
  const entries = Object.entries(shape).map(([key, type]) => [key, z.optional(type)]);
  return Object.fromEntries(entries) as Optional<T>;
}
