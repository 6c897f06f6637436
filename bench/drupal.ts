// Drupal for both contenders: installed once, by drush through the product, then copied, so
// that both serve the same database.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type RunResult, runAny } from '../test/apps/run.ts';
import { createBrowser } from '../test/e2e/browser.ts';
import { addArticleType } from '../test/e2e/drupal-installer.ts';

const admin = { name: 'chief', password: 'correct horse battery' };

/** Twelve promoted articles: the front page is full, and has a pager. */
const ARTICLES = `for ($i = 1; $i <= 12; $i++) {
  \\Drupal\\node\\Entity\\Node::create([
    'type' => 'article', 'title' => "Article $i", 'uid' => 1, 'status' => 1, 'promote' => 1,
    'body' => ['value' => str_repeat("<p>Paragraph of article $i.</p>", 20), 'format' => 'basic_html'],
  ])->save();
}`;

/** Installs the standard site into the data directory of a product. */
export async function installDrupal(binary: string, dataDir: string): Promise<void> {
  const phpCli = (args: readonly string[]): Promise<RunResult> =>
    runAny(binary, ['--data-dir', dataDir, 'php-cli', ...args], {
      env: { PATH: '/usr/bin:/bin', HOME: dataDir },
    });
  const drush = async (...args: string[]): Promise<void> => {
    const { status, stdout, stderr } = await phpCli(['vendor/bin/drush', '-y', ...args]);
    if (status !== 0) throw new Error(`drush ${args.join(' ')}: ${stdout}${stderr}`);
  };
  await drush(
    'site:install',
    'standard',
    '--db-url=sqlite://localhost/sites/default/files/.ht.sqlite',
    `--account-name=${admin.name}`,
    `--account-pass=${admin.password}`,
  );
  await addArticleType(phpCli);
  await drush('php:eval', ARTICLES);
  await drush('config:set', 'system.performance', 'cache.page.max_age', '900');
  await drush('cache:rebuild');
}

/**
 * Gives the peer's copy of the tree what the product's site has written, but for caches:
 * Drupal keeps absolute paths of its templates there.
 */
export function copyDrupalSite(dataDir: string, tree: string): void {
  const site = join(tree, 'web/sites/default');
  cpSync(join(dataDir, 'var/web/sites/default'), site, { recursive: true });
  rmSync(join(site, 'files/php'), { recursive: true, force: true });
  const database = new DatabaseSync(join(site, 'files/.ht.sqlite'));
  try {
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'cache*'",
      )
      .all();
    for (const { name } of tables) database.exec(`DELETE FROM "${String(name)}"`);
  } finally {
    database.close();
  }
}

/** The `Cookie` header of the administrator. */
export async function loginDrupal(url: string): Promise<string> {
  const browser = createBrowser(url);
  const form = await browser.get('/user/login');
  const { name, password } = admin;
  const page = await browser.submit(form, 'user-login-form', {
    name,
    pass: password,
    op: 'Log in',
  });
  if (!page.url.pathname.startsWith('/user/')) {
    throw new Error(`no login at ${url}: ${page.status} ${page.body.slice(0, 500)}`);
  }
  return browser.cookieHeader();
}
