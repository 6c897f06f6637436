// `node test/apps/main.ts NAME…`: assembles applications and prints each one's directory.
import { drupalTree } from './drupal.ts';
import { laravelTree } from './laravel.ts';
import { mediawikiTree } from './mediawiki.ts';
import { symfonyTree } from './symfony.ts';
import { wordpressTree } from './wordpress.ts';

const apps: Record<string, () => Promise<string>> = {
  drupal: drupalTree,
  laravel: laravelTree,
  mediawiki: mediawikiTree,
  symfony: symfonyTree,
  wordpress: wordpressTree,
};

for (const name of process.argv.slice(2)) {
  const assemble = apps[name];
  if (!assemble)
    throw new Error(`no app ${name}; there are ${Object.keys(apps).join(', ')}`);
  console.log(await assemble());
}
