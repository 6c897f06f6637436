import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildChannel } from '../../../native/channel/build.ts';
import { createPhpPool } from '../../../runtime/php/pool.ts';
import type { PhpLogEntry, PhpPoolStats } from '../../../runtime/php/types.ts';
import { subjectPhp } from '../../conformance/subject.ts';
import { type Site, type SiteSettings, startSite } from './site.ts';

export interface RealSite extends Site {
  phpLog: PhpLogEntry[];
  realStats(): PhpPoolStats;
}

/** As startSite, with the real PHP. `scripts`: name below the document root → PHP code. */
export async function startRealSite(
  scripts: Readonly<Record<string, string>>,
  settings: SiteSettings & { workers?: number; ini?: Record<string, string> } = {},
): Promise<RealSite> {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-http-php-'));
  const directives = {
    date_timezone: 'UTC',
    display_errors: '0',
    log_errors: '1',
    max_execution_time: '0',
    upload_tmp_dir: dir,
    post_max_size: '0',
    upload_max_filesize: '4G',
    'phpack.complete': '1',
    ...settings.ini,
  };
  const iniFile = join(dir, 'php.ini');
  const lines = Object.entries(directives).map(([key, value]) => `${key}="${value}"\n`);
  writeFileSync(iniFile, lines.join(''));
  const phpLog: PhpLogEntry[] = [];
  const realPool = createPhpPool({
    channelPath: buildChannel(),
    phpBinary: subjectPhp(),
    env: { PATH: '/usr/bin:/bin', PHPRC: iniFile, PHP_INI_SCAN_DIR: '' },
    workers: settings.workers ?? 4,
    maxRequests: 0,
    requestTimeoutMs: 0,
    requestGraceMs: 1000,
    afterFinishTimeoutMs: 0,
    queueLimit: 1000,
    queueTimeoutMs: 0,
    onLog: (entry) => void phpLog.push(entry),
  });
  await realPool.ready;
  const files: Record<string, string | Buffer> = { ...settings.files };
  for (const [name, code] of Object.entries(scripts)) {
    files[`public/${name}`] = `<?php\n${code}\n`;
  }
  const site = await startSite({ ...settings, files, realPool });
  return {
    ...site,
    phpLog,
    realStats: () => realPool.stats(),
    close: async () => {
      await realPool.close();
      await site.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
