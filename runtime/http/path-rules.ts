import type { AppConfig } from '../payload/config.ts';
import { isInside } from './files.ts';
import { compileGlobs, compileTreeGlobs } from './glob.ts';
import { isHidden, isNeverServed } from './never-served.ts';

/**
 * Which names below the document root may be sent or run. Each rule is asked twice: with
 * the path of the URL, and with the real path once the file is open, so that a symlink
 * opens nothing that its target's own name would not.
 */
export class PathRules {
  readonly #deny: RegExp | null;
  readonly #noPhp: RegExp | null;
  readonly #entryScripts: RegExp | 'any' | null;
  readonly #appRoot: string;
  readonly #linkedRoots: readonly string[];
  readonly #documentRoot: string;

  /**
   * All roots are absolute real paths; what is below a linked one has its place in the
   * app.
   */
  constructor(
    config: AppConfig,
    appRoot: string,
    linkedRoots: readonly string[],
    documentRoot: string,
  ) {
    this.#deny = compileTreeGlobs(config.deny);
    this.#noPhp = compileTreeGlobs(config.noPhp);
    const { entryScripts } = config;
    this.#entryScripts = entryScripts === 'any' ? 'any' : compileGlobs(entryScripts);
    this.#appRoot = appRoot;
    this.#linkedRoots = linkedRoots;
    this.#documentRoot = documentRoot;
  }

  /** `path`: below the document root, starts with '/'. */
  maySend(path: string): boolean {
    return !isHidden(path) && !isNeverServed(lastPart(path)) && !this.#isDenied(path);
  }

  maySendReal(realPath: string): boolean {
    if (isNeverServed(lastPart(realPath))) return false;
    const path = this.#toUrlPath(realPath);
    // A link to a hidden directory hides none of its own names: `git -> ../.git`.
    if (path === null) return !isHidden(this.#toAppPath(realPath));
    return !isHidden(path) && !this.#isDenied(path);
  }

  mayRun(path: string): boolean {
    if (isHidden(path) || this.#isDenied(path) || this.#isWithoutPhp(path)) return false;
    if (this.#entryScripts === 'any') return true;
    return this.#entryScripts?.test(path.slice(1)) ?? false;
  }

  mayRunReal(realPath: string): boolean {
    const path = this.#toUrlPath(realPath);
    return path === null || !(this.#isDenied(path) || this.#isWithoutPhp(path));
  }

  #isDenied(path: string): boolean {
    return this.#deny?.test(path.slice(1)) ?? false;
  }

  #isWithoutPhp(path: string): boolean {
    return this.#noPhp?.test(path.slice(1)) ?? false;
  }

  /** The path below the document root under which the app itself knows a file, if any. */
  #toUrlPath(realPath: string): string | null {
    const path = this.#appRoot + this.#toAppPath(realPath);
    return isInside(path, this.#documentRoot)
      ? path.slice(this.#documentRoot.length)
      : null;
  }

  /** The path below the app's root. */
  #toAppPath(realPath: string): string {
    const root = this.#linkedRoots.find((linked) => isInside(realPath, linked));
    return realPath.slice((root ?? this.#appRoot).length);
  }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
