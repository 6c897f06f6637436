import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drupalTree } from '../apps/drupal.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { addArticleType, installInBrowser } from './drupal-installer.ts';
import { attributes } from './html.ts';
import { imageSize, pngFile } from './image.ts';
import { buildProduct, type Deployment, deploy } from './product.ts';
import { rawGet } from './raw.ts';
import type { Server } from './server.ts';

const admin = { name: 'chief', password: 'correct horse battery' };

let tree: string;
let vendor: string;
let app: Deployment;
let server: Server;
let editor: Browser;
let article: Page;

beforeAll(async () => {
  tree = await drupalTree();
  vendor = await fs.mkdtemp('/tmp/phpack-e2e-drupal-');
  const ready = process.env['PHPACK_TEST_PRODUCTS'];
  const product = path.join(ready ?? vendor, 'drupal');
  // Not cached: a tree given by its path may have changed.
  if (!ready) await buildProduct(tree, product);
  app = await deploy(product);
  server = await app.serve();
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  if (vendor) await fs.rm(vendor, { recursive: true });
});

const phpCli = (args: readonly string[]) =>
  app.phpCli(args, { env: { PATH: '/usr/bin:/bin', HOME: app.directory } });

const drush = (...args: string[]) => phpCli(['vendor/bin/drush', '--no-ansi', ...args]);

test('before the installation every page leads to the installer', async () => {
  const page = await createBrowser(server.url).get('/');
  expect(page.url.pathname).toBe('/core/install.php');
  expect(page.body).toContain('Choose language');
});

test('drush installs the standard site', async () => {
  const { status, stdout, stderr } = await drush(
    'site:install',
    'standard',
    '--db-url=sqlite://localhost/sites/default/files/.ht.sqlite',
    `--account-name=${admin.name}`,
    `--account-pass=${admin.password}`,
    '--site-name=Köche & Küchen',
    '--yes',
  );
  expect(stderr + stdout).toContain('Installation complete');
  expect(status).toBe(0);
  await addArticleType(phpCli);
  const home = await createBrowser(server.url).get('/');
  expect(home.status).toBe(200);
  expect(home.body).toContain('Köche &amp; Küchen');
});

test('drush tells the status, rebuilds caches, runs cron and code', async () => {
  const status = JSON.parse((await drush('status', '--format=json')).stdout) as Record<
    string,
    string
  >;
  expect(status).toMatchObject({ bootstrap: 'Successful', 'db-status': 'Connected' });
  expect(status['php-bin']).not.toMatch(/^\/usr/);
  expect((await drush('cache:rebuild')).status).toBe(0);
  expect((await drush('core:cron')).status).toBe(0);
  const evaluated = await drush('php:eval', 'echo \\Drupal::VERSION;');
  expect(evaluated.stdout).toMatch(/^11\./);
  expect((await drush('no:such')).status).not.toBe(0);
});

test("core's own command line works, too", async () => {
  // 11.4 has made `dr` of it.
  const hasDr = await fs.access(path.join(tree, 'vendor/bin/dr')).then(
    () => true,
    () => false,
  );
  const script = hasDr ? 'vendor/bin/dr' : 'web/core/scripts/drupal';
  const { stdout, status } = await phpCli([script, 'list']);
  expect({ status, hasInstall: stdout.includes('install') }).toEqual({
    status: 0,
    hasInstall: true,
  });
  if (!hasDr) return;
  const cron = await phpCli(['vendor/bin/dr', 'cron']);
  expect(cron.stdout + cron.stderr).toContain('Cron ran successfully');
  expect(cron.status).toBe(0);
});

test('a wrong password is refused, the right one opens the administration', async () => {
  editor = createBrowser(server.url);
  const form = await editor.get('/user/login');
  const wrong = await editor.submit(form, 'user-login-form', {
    name: admin.name,
    pass: 'guess',
    op: 'Log in',
  });
  expect(wrong.body).toContain('Unrecognized username or password');
  const right = await editor.submit(wrong, 'user-login-form', {
    name: admin.name,
    pass: admin.password,
    op: 'Log in',
  });
  expect(right.url.pathname).toMatch(/^\/user\/1/);
  expect((await editor.get('/admin/reports/status')).body).toContain('Drupal Version');
});

test('an article with an image is published', async () => {
  const form = await editor.get('/node/add/article');
  const uploaded = await editor.submit(form, 'node-article-form', {
    'title[0][value]': 'Über Äpfel',
    'files[field_image_0]': pngFile('apfel.png', 1600, 900),
    field_image_0_upload_button: 'Upload',
  });
  article = await editor.submit(uploaded, 'node-article-form', {
    'title[0][value]': 'Über Äpfel',
    'body[0][value]': '<p>Ein <strong>Boskop</strong>.</p>',
    'field_image[0][alt]': 'Ein Verlauf',
    op: 'Save',
  });
  expect(article.url.pathname).toBe('/node/1');
  const visitor = await createBrowser(server.url).get('/node/1');
  expect(visitor.body).toContain('<strong>Boskop</strong>');
  expect(visitor.body).toContain('alt="Ein Verlauf"');
});

test('the image is scaled on demand once, then it is a file', async () => {
  const tags = [...article.body.matchAll(/<img\b[^>]*>/g)].map((tag) =>
    attributes(tag[0]),
  );
  const source = tags.find((tag) => tag['alt'] === 'Ein Verlauf')?.['src'] ?? '';
  expect(source).toContain('/sites/default/files/styles/');
  const first = await fetch(new URL(source, server.url));
  expect(first.status).toBe(200);
  const bytes = Buffer.from(await first.arrayBuffer());
  expect(imageSize(bytes).width).toBeLessThan(1600);
  expect(imageSize(bytes).width / imageSize(bytes).height).toBeCloseTo(16 / 9, 1);
  const again = await fetch(new URL(source, server.url));
  expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
  expect(again.headers.get('accept-ranges')).toBe('bytes');
  const forged = await fetch(
    new URL(source.replace(/itok=.*/, 'itok=guess'), server.url),
  );
  expect(forged.status).toBe(200);
  const other = source.replace(/styles\/\w+/, 'styles/thumbnail').replace(/\?.*/, '');
  expect([403, 404]).toContain((await fetch(new URL(other, server.url))).status);
});

test('styles and scripts are made of many files and then served as files', async () => {
  const home = await createBrowser(server.url).get('/');
  const links = [...home.body.matchAll(/<(?:link|script)\b[^>]*>/g)].map((tag) =>
    attributes(tag[0]),
  );
  const targets = links
    .map((tag) => tag['href'] ?? tag['src'] ?? '')
    .filter((target) => /\/files\/(css|js)\//.test(target));
  expect(targets.length).toBeGreaterThan(1);
  for (const target of targets) {
    const made = await fetch(new URL(target, server.url));
    const text = await made.text();
    expect(made.status, target).toBe(200);
    expect(text.length).toBeGreaterThan(100);
    const file = await fetch(new URL(target, server.url));
    expect(await file.text()).toBe(text);
    expect(file.headers.get('content-type')).toMatch(/^text\/(css|javascript)/);
    expect(file.headers.get('cache-control') ?? '').toContain('immutable');
    expect(file.headers.get('etag')).not.toBeNull();
  }
});

test('anonymous pages come from the cache and may be kept by others', async () => {
  const set = await drush(
    'config:set',
    'system.performance',
    'cache.page.max_age',
    '600',
  );
  expect(set.status).toBe(0);
  await drush('cache:rebuild');
  const visitor = createBrowser(server.url);
  expect((await visitor.get('/node/1')).headers.get('x-drupal-cache')).toBe('MISS');
  const hit = await visitor.get('/node/1');
  expect(hit.headers.get('x-drupal-cache')).toBe('HIT');
  expect(hit.headers.get('cache-control')).toBe('max-age=600, public');
  const same = await visitor.request('/node/1', {
    headers: {
      'if-modified-since': hit.headers.get('last-modified') ?? '',
      'if-none-match': hit.headers.get('etag') ?? '',
    },
  });
  expect(same.status).toBe(304);
  const own = await editor.get('/node/1');
  expect(own.headers.get('cache-control')).toMatch(/no-cache|private/);
});

test('JSON:API reads for everybody and writes with a password', async () => {
  const enabled = await drush('pm:install', 'jsonapi,basic_auth', '--yes');
  expect(enabled.status, enabled.stderr).toBe(0);
  await drush('config:set', 'jsonapi.settings', 'read_only', '0', '--yes');
  const list = await fetch(`${server.url}/jsonapi/node/article?filter[status]=1`);
  expect(list.headers.get('content-type')).toBe('application/vnd.api+json');
  expect(await list.json()).toMatchObject({
    data: [{ attributes: { title: 'Über Äpfel' } }],
  });
  const body = JSON.stringify({
    data: { type: 'node--article', attributes: { title: 'By a program' } },
  });
  const headers = { 'content-type': 'application/vnd.api+json' };
  const target = `${server.url}/jsonapi/node/article`;
  const refused = await fetch(target, { method: 'POST', headers, body });
  expect([401, 403]).toContain(refused.status);
  const basic = Buffer.from(`${admin.name}:${admin.password}`).toString('base64');
  const made = await fetch(target, {
    method: 'POST',
    headers: { ...headers, authorization: `Basic ${basic}` },
    body,
  });
  expect(made.status).toBe(201);
  const { data } = (await made.json()) as { data: { id: string } };
  const gone = await fetch(`${target}/${data.id}`, {
    method: 'DELETE',
    headers: { authorization: `Basic ${basic}` },
  });
  expect(gone.status).toBe(204);
});

test('cron is run by its secret address and by no other', async () => {
  const key = (await drush('state:get', 'system.cron_key')).stdout.trim();
  expect(key.length).toBeGreaterThan(20);
  expect((await fetch(`${server.url}/cron/${key}`)).status).toBe(204);
  expect((await fetch(`${server.url}/cron/guess`)).status).toBe(403);
});

test('code, configuration and the database are never served, in no spelling', async () => {
  const secret = [
    '/core/core.services.yml',
    '/core/core.services.ym%6c',
    '/core/modules/node/node.module',
    '/core/modules/node/node.info.yml',
    '/core/modules/node/templates/node.html.twig',
    '/core/themes/olivero/olivero.theme',
    '/core/includes/bootstrap.inc',
    '/core/lib/Drupal.php',
    '/core/composer.json',
    '/core/scripts/run-tests.sh',
    '/sites/default/settings.php',
    '/sites/default/settings.php/x.css',
    '/sites/default/SETTINGS.PHP',
    '/sites/default/default.settings.php',
    '/sites/default/files/.ht.sqlite',
    '/sites/default/files/.htaccess',
    '/../vendor/autoload.php',
    '/%2e%2e/composer.json',
    '/.htaccess',
    '/web.config',
    '/autoload.php',
  ];
  for (const target of secret) {
    const response = await rawGet(server, target);
    expect([400, 403, 404], `${target}: ${response.status}`).toContain(response.status);
    expect(response.body, target).not.toMatch(/<\?php|SQLite format|services:|\{% /);
  }
  expect((await rawGet(server, '/core/misc/drupal.js')).status).toBe(200);
});

test('an uploaded script is not run', async () => {
  const files = path.join(app.dataDir, 'var/web/sites/default/files');
  await fs.writeFile(path.join(files, 'shell.php'), '<?php echo "run " . 6 * 7;');
  await fs.chmod(path.join(files, 'shell.php'), 0o644);
  for (const target of ['shell.php', 'shell.php/', 'shell.php/x.png', 'SHELL.php']) {
    expect((await rawGet(server, `/sites/default/files/${target}`)).body).not.toContain(
      'run 42',
    );
  }
});

test('update.php and rebuild.php answer, but not to visitors', async () => {
  const visitor = createBrowser(server.url);
  expect((await visitor.get('/update.php')).status).toBe(403);
  expect((await editor.get('/update.php')).body).toContain('Drupal database update');
  const selection = await editor.get('/update.php/selection');
  expect(selection.body).toContain('No pending updates');
  expect((await visitor.request('/core/rebuild.php')).status).not.toBe(200);
});

test('maintenance mode is switched by drush and seen at once', async () => {
  await drush('state:set', 'system.maintenance_mode', '1', '--input-format=integer');
  await drush('cache:rebuild');
  expect((await createBrowser(server.url).get('/')).status).toBe(503);
  await drush('state:set', 'system.maintenance_mode', '0', '--input-format=integer');
  await drush('cache:rebuild');
  expect((await createBrowser(server.url).get('/')).status).toBe(200);
});

test('the server logged no error on the way', () => {
  expect(server.entries().filter((entry) => entry.level === 'error')).toEqual([]);
});

test('visitors install a site in the browser, without scripts', async () => {
  const dataDir = path.join(app.directory, 'second');
  const second = await app.serve({ dataDir });
  const browser = await installInBrowser(second, 'Second', admin.password);
  const home = await browser.get('/');
  expect(home.status).toBe(200);
  expect(home.body).toContain('Second');
  await second.stop();
});
