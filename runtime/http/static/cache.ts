import type { FileRoute } from '../routing.ts';
import { type AssetOptions, loadAsset, type StaticAsset } from './asset.ts';

const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** What an asset costs beside its content. */
const OVERHEAD_BYTES = 2048;
/**
 * A changeable file is read anew after so long: changed twice within one tick of the kernel's
 * clock, it looks the same.
 */
const RECHECK_MS = 2000;

/**
 * Small files and what is known of big ones, ready to send. Routes own their assets; this
 * bounds the memory by taking the asset from routes not asked for since the last round.
 */
export class AssetCache {
  readonly #options: AssetOptions;
  readonly #maxBytes: number;
  readonly #held = new Map<FileRoute, { bytes: number; loadedAt: number }>();
  #bytes = 0;

  constructor(options: AssetOptions, maxBytes = MAX_HELD_BYTES) {
    this.#options = options;
    this.#maxBytes = maxBytes;
  }

  /** Null: the file is not any more what the route found. */
  assetOf(route: FileRoute): StaticAsset | null {
    const { asset } = route;
    if (asset !== null && (route.isImmutable || !this.#isOld(route))) {
      asset.isUsed = true;
      return asset;
    }
    this.release(route);
    const loaded = loadAsset(route, this.#options);
    if (loaded === null) return null;
    const bytes = loaded.heldBytes + OVERHEAD_BYTES;
    route.asset = loaded;
    this.#held.set(route, { bytes, loadedAt: performance.now() });
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) this.#evict(route);
    return loaded;
  }

  #isOld(route: FileRoute): boolean {
    const held = this.#held.get(route);
    return held === undefined || performance.now() - held.loadedAt > RECHECK_MS;
  }

  /** Forgets what is known of the route's file and of compressed ones beside it. */
  release(route: FileRoute): void {
    const held = this.#held.get(route);
    if (!held) return;
    this.#held.delete(route);
    this.#bytes -= held.bytes;
    route.asset = null;
  }

  /** Second chance: oldest first, but what was used meanwhile goes to the end once. */
  #evict(newest: FileRoute): void {
    let chances = this.#held.size;
    for (const [route, held] of this.#held) {
      if (this.#bytes <= this.#maxBytes) return;
      if (route === newest) continue;
      if (route.asset?.isUsed && chances-- > 0) {
        route.asset.isUsed = false;
        this.#held.delete(route);
        this.#held.set(route, held);
      } else {
        this.release(route);
      }
    }
  }
}
