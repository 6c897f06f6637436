import { closeSync, realpathSync } from 'node:fs';
import type { AppConfig } from '../../contract/config.ts';
import type { MovedPlace } from '../payload/moved.ts';
import { ProductError } from '../errors.ts';
import { toBinary, toFsPath, toText } from '../../contract/bytes.ts';
import {
  type FileIdentity,
  findStats,
  hasEntry,
  identityOf,
  isSameFile,
  openInside,
} from './files.ts';
import { isInside } from '../../contract/paths.ts';
import { contentRuleOf } from '../../contract/served/never-served-content.ts';
import {
  isScriptName,
  type LinkedRoot,
  PathRules,
} from '../../contract/served/path-rules.ts';
import type { StaticAsset } from './static/asset.ts';
import { encodePath, normalizePath } from './target.ts';

/** Where a request goes. Paths are binary strings. */
export type Route =
  | FileRoute
  | ScriptRoute
  /** `location`: encoded path of a directory; the query is added by the caller. */
  | { kind: 'redirect'; location: string }
  | { kind: 'not-found' }
  /** The path can be read in more than one way. */
  | { kind: 'invalid' };

export interface FileRoute {
  kind: 'file';
  path: string;
  /** Relative to the document root. */
  name: string;
  identity: FileIdentity;
  /** The file cannot change while we run. */
  isImmutable: boolean;
  /** What static/ prepared for it; belongs to this very identity. */
  asset: StaticAsset | null;
}

export interface ScriptRoute {
  kind: 'script';
  scriptFilename: string;
  scriptName: string;
  pathInfo: string;
}

export interface SiteOptions {
  config: AppConfig;
  appRoot: string;
  /**
   * Where the app's declared writable paths and caches really are, when they are not in
   * the tree itself: links in the tree lead there.
   */
  writableRoot: string | null;
  cachesRoot?: string | null;
  /** Of the writable ones, what has been moved elsewhere. */
  moved?: readonly MovedPlace[];
  isTreeImmutable: boolean;
}

/** Emptied when full: refilling costs a few system calls. */
const MAX_REMEMBERED_BYTES = 4 * 1024 * 1024;
/** What a route costs beside the texts made of its path (measured: 500 to 700). */
const ROUTE_BYTES = 640;
/** Longer paths are looked up each time: they would fill the memory. */
const MAX_REMEMBERED_LENGTH = 512;

/**
 * Decides as FrankenPHP's php_server: the file of that name, the directory's index, the
 * script that the path begins with, else the front controller.
 */
export class Router {
  readonly documentRoot: string;
  readonly roots: readonly string[];
  readonly rules: PathRules;
  readonly #frontController: string;
  readonly #isTreeImmutable: boolean;
  readonly #known = new Map<string, { route: Route; isStable: boolean }>();
  #knownBytes = 0;

  constructor(options: SiteOptions) {
    const { config } = options;
    const appRoot = realPathOf(options.appRoot);
    const linkedRoots = findLinkedRoots(options);
    const relative = toBinary(config.documentRoot).replace(/^\/+|\/+$/g, '');
    this.documentRoot = findDocumentRoot(appRoot, relative);
    this.roots = [appRoot, ...linkedRoots.map(({ real }) => real)];
    this.rules = new PathRules(config, appRoot, linkedRoots, this.documentRoot);
    this.#frontController = toBinary(config.frontController).replace(/^\/+/, '');
    this.#isTreeImmutable = options.isTreeImmutable;
  }

  route(rawPath: string): Route {
    const known = this.#known.get(rawPath);
    if (known && (known.isStable || this.#isStillRight(known.route))) return known.route;
    if (rawPath.length > MAX_REMEMBERED_LENGTH) return this.#find(rawPath);
    // A part of a string keeps the whole in V8, and this one is part of a target of 8 KB.
    const path = Buffer.from(rawPath, 'latin1').toString('latin1');
    const route = this.#find(path);
    this.#remember(path, route);
    return route;
  }

  /**
   * A file that is still the same is found the same way: it comes before everything else.
   */
  #isStillRight(route: Route): boolean {
    if (route.kind !== 'file') return false;
    const stats = findStats(route.path);
    return stats !== null && isSameFile(route.identity, stats);
  }

  #remember(rawPath: string, route: Route): void {
    const isStable = this.#isStable(rawPath, route);
    if (!isStable && route.kind !== 'file') return;
    // As key, name and path; a known path replaces its entry, which counts as another.
    this.#knownBytes += ROUTE_BYTES + 3 * rawPath.length;
    if (this.#knownBytes > MAX_REMEMBERED_BYTES) {
      this.#known.clear();
      this.#knownBytes = ROUTE_BYTES + 3 * rawPath.length;
    }
    this.#known.set(rawPath, { route, isStable });
  }

  #isStable(rawPath: string, route: Route): boolean {
    if (!this.#isTreeImmutable) return false;
    if (route.kind === 'invalid') return true;
    if (route.kind === 'file') return route.isImmutable;
    // What is not there now must not be able to appear later.
    const { path } = normalizePath(rawPath)!;
    return this.#isBelowTree(this.documentRoot + path.replace(/\/$/, ''));
  }

  /** Whether the nearest existing directory above is part of the unchanging tree. */
  #isBelowTree(path: string): boolean {
    let nearest = path;
    // A link that leads nowhere yet stands for a writable file that may appear.
    while (nearest.length > this.documentRoot.length && !hasEntry(nearest)) {
      nearest = nearest.slice(0, nearest.lastIndexOf('/'));
    }
    try {
      const real = realpathSync.native(toFsPath(nearest), 'latin1');
      return this.#isOfTree(real);
    } catch {
      return false;
    }
  }

  #isOfTree(realPath: string): boolean {
    return this.#isTreeImmutable && isInside(realPath, this.roots[0]!);
  }

  #find(rawPath: string): Route {
    const url = normalizePath(rawPath);
    if (url === null) return { kind: 'invalid' };
    const { path, encodedSlashAt } = url;
    // The part before an encoded slash may be a script, never a file or directory.
    const border = encodedSlashAt < 0 ? path.length : encodedSlashAt;
    const found =
      encodedSlashAt < 0 ? this.#findNamed(path) : this.#findScriptIn(path, border);
    return found ?? this.#findFrontController();
  }

  /** A file, directory or script of exactly this path. */
  #findNamed(path: string): Route | null {
    const isDirectoryName = path.endsWith('/');
    const bare = isDirectoryName ? path.slice(0, -1) : path;
    const stats = findStats(this.documentRoot + bare);
    if (stats === null) return this.#findScriptIn(path, path.length);
    if (stats.isDirectory()) return this.#findIndex(bare, isDirectoryName);
    if (isDirectoryName) return this.#findScriptIn(path, path.length);
    if (isScriptName(bare)) return this.#findScript(bare, '');
    return this.#findFile(bare);
  }

  #findIndex(directory: string, isDirectoryName: boolean): Route | null {
    const index =
      this.#findScript(`${directory}/index.php`, '') ??
      this.#findFile(`${directory}/index.html`);
    if (index === null || isDirectoryName) return index;
    return { kind: 'redirect', location: `${encodePath(directory)}/` };
  }

  /**
   * The script that the path begins with: `.php` in any case of these three ASCII
   * letters, before a slash. Bytes are compared, so no letter of another alphabet is
   * taken for one.
   */
  #findScriptIn(path: string, border: number): Route | null {
    for (const match of path.matchAll(/\.php\//gi)) {
      const end = match.index + 4;
      if (end >= border) return null;
      const name = path.slice(0, end);
      const script = this.#findScript(name, path.slice(end));
      if (script !== null) return script;
      // Where there is no directory, nothing is below it.
      if (!findStats(this.documentRoot + name)?.isDirectory()) return null;
    }
    return null;
  }

  #findScript(path: string, pathInfo: string): ScriptRoute | null {
    const name = path.slice(1);
    const filename = this.documentRoot + path;
    // The exception for a missing file is dear. And what exists has names of 255 bytes at
    // most: patterns like Drupal's `*.*sql` take 100 ms for one of 8000.
    if (findStats(filename) === null) return null;
    const isFront = name === this.#frontController;
    if (!isFront && !this.rules.mayRun(path)) return null;
    const opened = openInside(filename, this.roots);
    if (opened === null) return null;
    closeSync(opened.fd);
    const { realPath } = opened;
    if (!isFront && !this.rules.mayRunReal(realPath)) return null;
    if (!this.rules.isCode(path, realPath)) return null;
    return { kind: 'script', scriptFilename: filename, scriptName: path, pathInfo };
  }

  #findFile(path: string): FileRoute | null {
    if (!this.rules.maySend(path)) return null;
    const filename = this.documentRoot + path;
    if (findStats(filename) === null) return null;
    const opened = openInside(filename, this.roots);
    if (opened === null) return null;
    try {
      if (contentRuleOf(opened.realPath, opened.fd) !== null) return null;
    } finally {
      closeSync(opened.fd);
    }
    if (!this.rules.maySendReal(opened.realPath)) return null;
    return {
      kind: 'file',
      path: filename,
      name: path.slice(1),
      identity: identityOf(opened.stats),
      isImmutable: this.#isOfTree(opened.realPath),
      asset: null,
    };
  }

  #findFrontController(): Route {
    const name = this.#frontController;
    const script = name === '' ? null : this.#findScript(`/${name}`, '');
    return script ?? { kind: 'not-found' };
  }
}

/** A real path, as FrankenPHP has it: `current -> releases/5` is not seen by the app. */
function findDocumentRoot(appRoot: string, relative: string): string {
  const path = relative === '' ? appRoot : `${appRoot}/${relative}`;
  if (findStats(path)?.isDirectory()) return realPathOf(toText(path));
  const seen = `The document root ${toText(path)} is not a directory`;
  throw new ProductError('PHPACK_E_CONFIG', seen);
}

/** The more special ones first. */
function findLinkedRoots({ moved, writableRoot, cachesRoot }: SiteOptions): LinkedRoot[] {
  const places = [writableRoot, cachesRoot ?? null].filter((root) => root !== null);
  return [
    ...(moved ?? []).map(({ path, target }) => ({
      real: toBinary(target),
      path: `/${toBinary(path)}`,
    })),
    ...places.map((root) => ({ real: realPathOf(root), path: '' })),
  ];
}

function realPathOf(path: string): string {
  return realpathSync.native(path, 'latin1');
}
