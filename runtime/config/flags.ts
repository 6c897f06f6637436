import type { ConfigKey } from '../../contract/config.ts';

/** How a flag's text becomes a value. */
export type FlagValue =
  | { kind: 'none' }
  | { kind: 'text'; placeholder: string }
  | { kind: 'number'; placeholder: string }
  | { kind: 'duration'; placeholder: string }
  | { kind: 'size'; placeholder: string }
  /** `NAME=VALUE`. */
  | { kind: 'pair'; placeholder: string };

export type CommandName =
  | 'serve'
  | 'php-cli'
  | 'config'
  | 'extract'
  | 'prune'
  | 'version'
  | 'help';

export interface Flag {
  name: string;
  short?: string;
  value: FlagValue;
  isRepeatable?: true;
  /** The key of the configuration it overrides. */
  key?: ConfigKey;
  /** Commands that take it. */
  commands: readonly CommandName[];
  /** One line for `help` and docs/reference/product-cli.md. */
  help: string;
}

const configured: readonly CommandName[] = ['serve', 'config'];
const everywhere: readonly CommandName[] = [
  'serve',
  'php-cli',
  'config',
  'extract',
  'prune',
];

/** Every flag of the product. docs/reference/product-cli.md lists the same (tested). */
export const flags: readonly Flag[] = [
  {
    name: 'listen',
    value: { kind: 'text', placeholder: 'ADDRESS' },
    isRepeatable: true,
    key: 'http.listen',
    commands: configured,
    help: 'HOST:PORT, [::1]:PORT, :PORT or unix:/path; port 0 takes a free one',
  },
  {
    name: 'data-dir',
    value: { kind: 'text', placeholder: 'DIR' },
    commands: everywhere,
    help: 'where code is unpacked and data is kept',
  },
  {
    name: 'define',
    short: 'd',
    value: { kind: 'pair', placeholder: 'NAME=VALUE' },
    isRepeatable: true,
    key: 'php.ini',
    commands: everywhere,
    help: 'a php.ini directive',
  },
  {
    name: 'env',
    value: { kind: 'pair', placeholder: 'NAME=VALUE' },
    isRepeatable: true,
    key: 'php.env',
    commands: everywhere,
    help: 'an environment variable for PHP',
  },
  {
    name: 'workers',
    value: { kind: 'number', placeholder: 'N' },
    key: 'workers.count',
    commands: configured,
    help: 'PHP processes; 0: twice the CPUs, at least 4, within memory',
  },
  {
    name: 'max-requests',
    value: { kind: 'number', placeholder: 'N' },
    key: 'workers.maxRequests',
    commands: configured,
    help: 'requests after which a PHP process is replaced; 0: never',
  },
  {
    name: 'request-timeout',
    value: { kind: 'duration', placeholder: 'TIME' },
    key: 'workers.requestTimeoutMs',
    commands: configured,
    help: 'longest time for one request, such as 30s or 2m; 0: no limit',
  },
  {
    name: 'request-grace',
    value: { kind: 'duration', placeholder: 'TIME' },
    key: 'workers.requestGraceMs',
    commands: configured,
    help: 'how long a request over a limit may take to end before it is killed',
  },
  {
    name: 'after-finish-timeout',
    value: { kind: 'duration', placeholder: 'TIME' },
    key: 'workers.afterFinishTimeoutMs',
    commands: configured,
    help: 'longest time of work after fastcgi_finish_request(); 0: no limit',
  },
  {
    name: 'max-body',
    value: { kind: 'size', placeholder: 'SIZE' },
    key: 'http.maxBodyBytes',
    commands: configured,
    help: 'largest request body, such as 64M; 0: no limit',
  },
  {
    name: 'front-memory',
    value: { kind: 'size', placeholder: 'SIZE' },
    key: 'http.memoryBytes',
    commands: configured,
    help: 'memory for what clients make the server hold; 0: what suits the machine',
  },
  {
    name: 'spool-limit',
    value: { kind: 'size', placeholder: 'SIZE' },
    key: 'http.spoolBytes',
    commands: configured,
    help: 'disk space for request bodies and answers; 0: half of what is free',
  },
  {
    name: 'drain-timeout',
    value: { kind: 'duration', placeholder: 'TIME' },
    key: 'http.drainMs',
    commands: configured,
    help: 'how long open requests may take after SIGTERM',
  },
  {
    name: 'access-log',
    value: { kind: 'none' },
    key: 'log.access',
    commands: configured,
    help: 'log every request',
  },
  {
    name: 'log-level',
    value: { kind: 'text', placeholder: 'LEVEL' },
    key: 'log.level',
    commands: everywhere,
    help: 'error, warning, notice, info or debug',
  },
  {
    name: 'log-format',
    value: { kind: 'text', placeholder: 'FORMAT' },
    commands: everywhere,
    help: 'json, or text (the default on a terminal)',
  },
  {
    name: 'set',
    value: { kind: 'pair', placeholder: 'KEY=VALUE' },
    isRepeatable: true,
    commands: configured,
    help: 'any key of the configuration, such as http.keepAliveTimeoutMs=5000',
  },
  {
    name: 'json',
    value: { kind: 'none' },
    commands: ['config', 'version'],
    help: 'print JSON',
  },
];

export const commands: Readonly<Record<CommandName, string>> = {
  serve: 'start the server; what the binary does without a command',
  'php-cli': 'run PHP: every argument after it goes to PHP',
  config: 'show the effective configuration and where each value comes from',
  extract: 'unpack the app and make the data directory, without starting anything',
  prune: 'remove versions of the app that are no longer used',
  version: 'show what the binary contains',
  help: 'show commands and flags',
};
