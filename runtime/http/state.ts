import type { Matcher } from '../../contract/glob.ts';
import type { AppConfig } from '../../contract/config.ts';
import type { Log } from '../log.ts';
import type { PhpPool } from '../php/types.ts';
import type { Budget } from './budget.ts';
import type { SpoolDirectory } from './spool.ts';
import type { Router } from './routing.ts';
import type { AssetCache } from './static/cache.ts';

export type FrontLog = Pick<Log, 'has' | 'write' | 'access'>;

/** What all requests of one front share. */
export interface FrontState {
  readonly config: AppConfig;
  readonly log: FrontLog;
  readonly pool: PhpPool;
  readonly router: Router;
  readonly assets: AssetCache;
  readonly spool: SpoolDirectory;
  readonly budget: Budget;
  /**
   * Routes whose bodies are not buffered; matched against the path without leading slash.
   */
  readonly streamBodies: Matcher;
  /** Distinguishes this process's requests from those of all others. */
  readonly idPrefix: string;
  /** The server stops: each answer is the last of its connection. */
  isDraining: boolean;
}
