import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { applyFlags, type EffectiveConfig } from './config/effective.ts';
import type { AppConfig } from '../contract/config.ts';
import { errnoOf, ProductError } from './errors.ts';
import type { Log } from './log.ts';
import { loadAddon, type NativeAddon } from './native.ts';
import { installBinary } from './payload/binary.ts';
import {
  chooseDataDir,
  fileSystemError,
  homeOfUser,
  prepareDataDir,
} from './payload/data-dir.ts';
import { extractApp } from './payload/extract.ts';
import type { PayloadPart } from '../contract/manifest.ts';
import type { MovedPlace } from './payload/moved.ts';
import { loadablePath, type RunnablePhp, runnablePhp } from './payload/noexec.ts';
import type { OpenPayload } from './payload/trailer.ts';
import { type LinkedPaths, linkedPaths } from './payload/version.ts';
import { findMysqlSocket, findPostgresDirectory } from './php/database-sockets.ts';
import { phpEnvironment } from './php/environment.ts';
import { type CodeChanges, composeIni } from './php/ini.ts';
import { writeIni } from './php/ini-file.ts';

/** What `phpack serve DIR` passes: an app in place, with parts from the build's cache. */
export interface DevelopmentProduct {
  kind: 'development';
  name: string;
  /** Absolute path of the app. */
  app: string;
  php: string;
  channel: string;
  config: unknown;
  phpackVersion: string;
}

export interface PackagedProduct {
  kind: 'packaged';
  payload: OpenPayload;
}

export type Product = PackagedProduct | DevelopmentProduct;

/** A product that is ready to run on this machine. */
export interface Installation extends EffectiveConfig {
  name: string;
  dataDir: string;
  dataDirOrigin: string;
  /** Names the extracted version; '' in development. */
  version: string;
  /** Whether this start extracted it. */
  isNew: boolean;
  /** The app's root. */
  appRoot: string;
  /** Where links of writable paths lead: the front serves files from here as well. */
  variableRoot: string;
  /** Directories of it that are links to somewhere else. */
  moved: readonly MovedPlace[];
  /** `{caches}` in php.env. */
  cachesRoot: string;
  php: RunnablePhp;
  /** Loads and keeps the addon. */
  addon(): NativeAddon;
  channelPath: string;
  iniFile: string;
  iniText: string;
  /** Makes sure of the file at `iniFile`: PHP must not start without it. */
  writeIni(): void;
  /** Names of what prune must leave while this product runs. */
  uses: readonly string[];
  /** The environment of PHP. */
  env: Record<string, string>;
}

export interface InstallOptions {
  flags: ReadonlyMap<string, readonly string[]>;
  env: NodeJS.ProcessEnv;
  cwd: string;
  log: Log;
  /** Ends the unpacking. */
  signal?: AbortSignal;
}

/** Makes everything ready that PHP needs, on disk and in the environment. */
export async function install(
  product: Product,
  options: InstallOptions,
): Promise<Installation> {
  const { flags, env, cwd } = options;
  const isPackaged = product.kind === 'packaged';
  const name = isPackaged ? product.payload.manifest.app.name : product.name;
  const given = isPackaged ? product.payload.manifest.config : product.config;
  const effective = applyFlags(given, flags);
  const { config } = effective;
  const { path: dataDir, origin: dataDirOrigin } = chooseDataDir({
    flag: flags.get('data-dir')?.at(-1),
    env,
    cwd,
    name: isPackaged ? name : `phpack-serve-${name}`,
    uid: process.geteuid!(),
  });
  prepareDataDir(dataDir);
  const parts = isPackaged
    ? await unpack(product.payload, dataDir, linkedPaths(config), options).catch(
        // Also what only marks a use, on a disk that has become read-only since.
        (error: unknown) => {
          throw fileSystemError(error, dataDir);
        },
      )
    : useInPlace(product, dataDir);
  const iniText = composeIni({
    dataDir,
    appRoot: parts.appRoot,
    cachesRoot: parts.cachesRoot,
    appIni: parts.appIni,
    directives: config.php.ini,
    maxBodyBytes: config.http.maxBodyBytes,
    mysqlSocket: findMysqlSocket(dataDir),
    files: parts.files,
    code: isPackaged ? changesOf(config) : 'edited',
  });
  const saveIni = (): string => writeIni(dataDir, iniText, parts.addon);
  const iniFile = saveIni();
  const phpEnv = phpEnvironment({
    caller: env,
    configured: config.php.env,
    forced: new Set((flags.get('env') ?? []).map((pair) => pair.split('=')[0]!)),
    dataDir,
    appRoot: parts.appRoot,
    cachesRoot: parts.cachesRoot,
    iniFile,
    phpCommand: parts.php.command,
    home: env['HOME'] ? '' : homeOfUser(),
    postgresDirectory: findPostgresDirectory(dataDir),
  });
  const location = { name, dataDir, dataDirOrigin, iniFile, iniText, env: phpEnv };
  const uses = [...parts.uses, basename(iniFile)];
  return { ...effective, ...parts, ...location, writeIni: saveIni, uses };
}

/** What is packed is read-only; only what the app itself may write is not. */
function changesOf({ writable, caches }: AppConfig): CodeChanges {
  return writable.length + caches.length > 0 ? 'written' : 'never';
}

type Parts = Pick<
  Installation,
  | 'version'
  | 'isNew'
  | 'appRoot'
  | 'variableRoot'
  | 'moved'
  | 'cachesRoot'
  | 'php'
  | 'addon'
  | 'channelPath'
  | 'uses'
> & { appIni: string; files: number };

async function unpack(
  payload: OpenPayload,
  dataDir: string,
  paths: LinkedPaths,
  { env, log, signal }: InstallOptions,
): Promise<Parts> {
  const { parts, app } = payload.manifest;
  const place = (name: 'php' | 'channel.node', part: PayloadPart): Promise<string> =>
    installBinary(payload, dataDir, name, part, signal);
  const channel = await place('channel.node', parts.channel);
  const phpFile = await place('php', parts.php);
  const channelPath = loadablePath(channel, env);
  const addon = (): NativeAddon => loadAddon(channelPath);
  const sources = { payload, dataDir, paths, loadAddon: addon, log, signal };
  const extracted = await extractApp(sources);
  return {
    version: extracted.version,
    isNew: extracted.isNew,
    appRoot: extracted.root,
    variableRoot: extracted.variable,
    moved: extracted.moved,
    cachesRoot: extracted.caches,
    php: runnablePhp(phpFile, dataDir, process.execPath, addon),
    addon,
    channelPath,
    uses: [extracted.version, parts.php.sha256, parts.channel.sha256],
    appIni: extracted.phpIni,
    files: app.files,
  };
}

/** A developer's files change all the time: enough room for any app. */
const DEVELOPMENT_FILES = 20_000;

function useInPlace(product: DevelopmentProduct, dataDir: string): Parts {
  const { app, php, channel } = product;
  const cachesRoot = join(dataDir, 'caches');
  mkdirSync(cachesRoot, { recursive: true, mode: 0o700 });
  return {
    version: '',
    isNew: false,
    appRoot: app,
    variableRoot: app,
    moved: [],
    cachesRoot,
    php: { executable: php, command: php, argv0: 'php' },
    addon: () => loadAddon(channel),
    channelPath: channel,
    uses: [],
    appIni: readIfExists(join(app, 'php.ini')),
    files: DEVELOPMENT_FILES,
  };
}

/** Reads the file of `--development`. Throws PHPACK_E_USAGE when it is not one. */
export function readDevelopmentProduct(file: string): DevelopmentProduct {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as DevelopmentProduct;
    return { ...value, kind: 'development' };
  } catch (error) {
    const seen = `--development ${file}: ${String(error)}`;
    throw new ProductError('PHPACK_E_USAGE', seen, { cause: error });
  }
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
