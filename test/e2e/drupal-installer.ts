import type { RunResult } from '../apps/run.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { decodeEntities } from './html.ts';
import type { Server } from './server.ts';

const sqlite = String.raw`Drupal\sqlite\Driver\Database\sqlite`;

/** Drupal's own installation as a visitor without scripts does it: profile minimal, SQLite. */
export async function installInBrowser(
  server: Server,
  siteName: string,
  password: string,
): Promise<Browser> {
  const browser = createBrowser(server.url);
  const go = { op: 'Save and continue' };
  let page = await browser.get('/core/install.php');
  page = await browser.submit(page, 'install-select-language-form', {
    langcode: 'en',
    ...go,
  });
  page = await browser.submit(page, 'install-select-profile-form', {
    profile: 'minimal',
    ...go,
  });
  // Warnings about the system are shown first, with a link to go on.
  const anyway = /href="([^"]*continue=1[^"]*)"/.exec(page.body)?.[1];
  if (anyway) page = await browser.get(new URL(decodeEntities(anyway), page.url).href);
  page = await browser.submit(page, 'install-settings-form', {
    driver: sqlite,
    [`${sqlite}[database]`]: 'sites/default/files/.ht.second',
    ...go,
  });
  page = await followBatch(browser, page);
  page = await browser.submit(page, 'install-configure-form', {
    site_name: siteName,
    site_mail: 'site@example.org',
    'account[name]': 'chief',
    'account[pass][pass1]': password,
    'account[pass][pass2]': password,
    'account[mail]': 'chief@example.org',
    ...go,
  });
  await followBatch(browser, page);
  return browser;
}

/** Progress pages ask the browser to come again. */
async function followBatch(browser: Browser, first: Page): Promise<Page> {
  const pattern = /<meta http-equiv="Refresh" content="[^"]*URL=([^"]+)"/i;
  let page = first;
  for (let steps = 0; steps < 200; steps++) {
    const target = pattern.exec(page.body)?.[1];
    if (target === undefined) return page;
    page = await browser.get(new URL(decodeEntities(target), page.url).href);
  }
  throw new Error(`the batch never ends: ${page.url.href}`);
}

/** `php-cli ARGS…` of the product. */
type PhpCli = (args: readonly string[]) => Promise<RunResult>;

/** From 11.4 on, the standard profile leaves the type of articles to a recipe. */
export async function addArticleType(phpCli: PhpCli): Promise<void> {
  const list = String.raw`echo implode(' ', \Drupal::configFactory()->listAll('node.type.'));`;
  const { stdout } = await phpCli(['vendor/bin/drush', 'php:eval', list]);
  if (stdout.split(' ').includes('node.type.article')) return;
  const recipe = ['recipe', 'core/recipes/article_content_type'];
  const applied = await phpCli(['vendor/bin/dr', ...recipe]);
  if (applied.status !== 0) throw new Error(applied.stdout + applied.stderr);
}
