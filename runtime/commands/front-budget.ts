import { join } from 'node:path';
import { workerCount } from '../config/effective.ts';
import { frontLimits } from '../config/front-limits.ts';
import { Budget, type BudgetSize } from '../http/budget.ts';
import { findMaxConnections } from '../http/descriptors.ts';
import type { Installation } from '../product.ts';

export function spoolDirOf(installation: Installation): string {
  return join(installation.dataDir, 'tmp');
}

/** What clients may make the server hold, on this machine. */
export function frontBudget(installation: Installation): BudgetSize {
  const { http, workers } = installation.config;
  const count = workerCount(workers.count);
  const limits = frontLimits(http, count, spoolDirOf(installation));
  return new Budget({ ...limits, maxConnections: findMaxConnections() }).size;
}
