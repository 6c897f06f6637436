import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { cachedDirectory, fileHash } from './cache.ts';
import { runAny } from './run.ts';

/**
 * A Drupal 11 project with drush: PHPACK_TEST_DRUPAL names a ready one (it is only read), else
 * Composer makes it from drupal/recommended-project. Fails with what to do when neither works.
 */
export async function drupalTree(): Promise<string> {
  const ready = process.env['PHPACK_TEST_DRUPAL'];
  if (ready) {
    for (const file of ['web/core/lib/Drupal.php', 'vendor/bin/drush']) {
      await fs.access(path.join(ready, file)).catch(() => {
        throw new Error(`PHPACK_TEST_DRUPAL=${ready} has no ${file}`);
      });
    }
    return ready;
  }
  const inputs = [await fileHash(import.meta.filename)];
  return cachedDirectory('apps', 'drupal', inputs, async (dir) => {
    await composer(['create-project', 'drupal/recommended-project:^11', dir]);
    await composer(['require', '--working-dir', dir, 'drush/drush:^13']);
  });
}

async function composer(args: readonly string[]): Promise<void> {
  const options = [
    '--no-interaction',
    '--no-progress',
    '--ignore-platform-req=php',
    '--ignore-platform-req=ext-*',
  ];
  const { status, stdout, stderr } = await runAny('composer', [...args, ...options], {
    env: { ...process.env, COMPOSER_ALLOW_SUPERUSER: '1' },
  });
  if (status === 0) return;
  throw new Error(
    'no Drupal to test: set PHPACK_TEST_DRUPAL to a project made from ' +
      'drupal/recommended-project ^11 with drush/drush, or let Composer reach Packagist.\n' +
      `composer ${args.join(' ')}: ${stdout}\n${stderr}`,
  );
}
