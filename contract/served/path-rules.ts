import type { AppConfig } from '../config.ts';
import { toBinary, toText } from '../bytes.ts';
import { compileGlobs, compileTreeGlobs, type Matcher } from '../glob.ts';
import { isInside, isInsideAny } from '../paths.ts';
import { hiddenRule, isHidden, isNeverServed, nameRuleOf } from './never-served.ts';
import { contentRuleOfFile } from './never-served-content.ts';

/** Where files of the app lie that are not in its tree. */
export interface LinkedRoot {
  /** Absolute, without links. */
  real: string;
  /** The app's name for it: below its root, '' or starting with '/'. */
  path: string;
}

/**
 * Which names below the document root may be sent or run. Each rule is asked twice: with
 * the path of the URL, and with the real path once the file is open, so that a symlink
 * opens nothing that its target's own name would not.
 */
export class PathRules {
  readonly #config: AppConfig;
  readonly #deny: Matcher;
  readonly #noPhp: Matcher;
  readonly #entryScripts: Matcher;
  readonly #appRoot: string;
  readonly #linkedRoots: readonly LinkedRoot[];
  /** The document root below the app's root: '' or '/public'. */
  readonly #documentRoot: string;
  /** Scripts that `entryScripts` names one by one, below the document root. */
  readonly #listed: ReadonlySet<string>;
  /** What the app writes, below its root: '/uploads'. */
  readonly #written: readonly string[];

  /**
   * All roots are absolute real paths; what is below a linked one has its place in the
   * app.
   */
  constructor(
    config: AppConfig,
    appRoot: string,
    linkedRoots: readonly LinkedRoot[],
    documentRoot: string,
  ) {
    this.#config = config;
    this.#deny = compileTreeGlobs(config.deny);
    this.#noPhp = compileTreeGlobs(config.noPhp);
    const { entryScripts } = config;
    this.#entryScripts = entryScripts === 'any' ? () => true : compileGlobs(entryScripts);
    this.#appRoot = appRoot;
    this.#linkedRoots = linkedRoots;
    this.#documentRoot = this.#toAppPath(documentRoot);
    this.#listed = new Set(
      entryScripts === 'any' ? [] : entryScripts.filter(isName).map(toPath),
    );
    this.#written = [...config.writable, ...config.caches].map(toPath);
  }

  /** `path`: below the document root, starts with '/'. */
  maySend(path: string): boolean {
    return !isHidden(path) && !isNeverServed(lastPart(path)) && !this.#deny(toName(path));
  }

  maySendReal(realPath: string): boolean {
    if (isNeverServed(lastPart(realPath))) return false;
    const path = this.#toUrlPath(realPath);
    // A link to a hidden directory hides none of its own names: `git -> ../.git`.
    if (path === null) return !isHidden(this.#toAppPath(realPath));
    return !isHidden(path) && !this.#deny(toName(path));
  }

  mayRun(path: string): boolean {
    if (isHidden(path)) return false;
    const name = toName(path);
    return !this.#deny(name) && !this.#noPhp(name) && this.#entryScripts(name);
  }

  mayRunReal(realPath: string): boolean {
    const path = this.#toUrlPath(realPath);
    if (path === null) return true;
    const name = toName(path);
    return !this.#deny(name) && !this.#noPhp(name);
  }

  /**
   * Whether PHP may run there at all, be it as front controller: not where the app writes,
   * as what an upload brings is nobody's code. Unless the script is listed by its name.
   */
  isCode(path: string, realPath: string): boolean {
    if (this.#listed.has(path)) return true;
    if (this.#linkedRoots.some(({ real }) => isInside(realPath, real))) return false;
    const places = [this.#documentRoot + path, this.#toAppPath(realPath)];
    return !places.some((place) => isInsideAny(place, this.#written));
  }

  /**
   * Why no visitor gets a file of the app, in the words of docs/reference/http.md, or null.
   * For `phpack build`, which says what will not be served. `file`: where it is now;
   * `place`: below the app's root, where a link leads.
   */
  refusalOf(name: string, file: string, place?: string): string | null {
    const path = toBinary(name);
    const inApp = place === undefined ? this.#documentRoot + path : toBinary(place);
    const realPath = this.#appRoot + inApp;
    if (isHidden(path)) return hiddenRule.title;
    if (!isScriptName(path)) {
      const rule = this.#ruleOf(path) ?? this.#ruleOf(this.#toUrlPath(realPath) ?? inApp);
      return rule ?? contentRuleOfFile(toBinary(file))?.title ?? null;
    }
    if (!this.isCode(path, realPath)) return 'writable';
    const mayRun = this.mayRun(path) && this.mayRunReal(realPath);
    if (path === toPath(this.#config.frontController) || mayRun) return null;
    return this.#globOf('deny', path) ?? this.#globOf('noPhp', path) ?? 'entryScripts';
  }

  #ruleOf(path: string): string | null {
    if (isHidden(path)) return hiddenRule.title;
    return nameRuleOf(lastPart(path))?.title ?? this.#globOf('deny', path);
  }

  #globOf(key: 'deny' | 'noPhp', path: string): string | null {
    const name = toName(path);
    const matches = key === 'deny' ? this.#deny(name) : this.#noPhp(name);
    if (!matches) return null;
    return `${key} ${this.#config[key].find((glob) => compileTreeGlobs([glob])(name))}`;
  }

  /** The path below the document root under which the app itself knows a file, if any. */
  #toUrlPath(realPath: string): string | null {
    const path = this.#toAppPath(realPath);
    return isInside(path, this.#documentRoot)
      ? path.slice(this.#documentRoot.length)
      : null;
  }

  /** The path below the app's root. */
  #toAppPath(realPath: string): string {
    const linked = this.#linkedRoots.find(({ real }) => isInside(realPath, real));
    if (linked) return linked.path + realPath.slice(linked.real.length);
    return realPath.slice(this.#appRoot.length);
  }
}

export function isScriptName(path: string): boolean {
  return /\.php$/i.test(path);
}

/** No glob, and no directory. */
function isName(glob: string): boolean {
  return !/[*?[{]|\/$/.test(glob);
}

/** What globs are asked of. */
function toName(path: string): string {
  return toText(path.slice(1));
}

function toPath(path: string): string {
  return `/${toBinary(path).replace(/^\/+|\/+$/g, '')}`;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
