import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { symfonyTree } from '../apps/symfony.ts';
import { createBrowser } from './browser.ts';
import { builtProduct, type Deployment, deploy } from './product.ts';
import type { Server } from './server.ts';

let app: Deployment;
let server: Server;

beforeAll(async () => {
  app = await deploy(await builtProduct('symfony', await symfonyTree()));
  server = await app.serve();
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

const console_ = (...args: string[]) => app.phpCli(['bin/console', '--no-ansi', ...args]);

test('the console migrates the database and finds the mapping in step', async () => {
  const migrate = await console_('doctrine:migrations:migrate', '--no-interaction');
  expect(migrate.stderr + migrate.stdout).toContain('1 migrations executed');
  expect(migrate.status).toBe(0);
  const validate = await console_('doctrine:schema:validate');
  expect(validate.stdout + validate.stderr).toContain('The database schema is in sync');
});

test('an own command makes users, asks for what is missing, and reports failure', async () => {
  const made = await console_(
    'app:user:create',
    'ada@example.org',
    'lovelace',
    '--admin',
  );
  expect(made).toMatchObject({ status: 0 });
  expect(made.stdout).toContain('Created ada@example.org');
  const second = await console_('app:user:create', 'bob@example.org', 'builder');
  expect(second.status).toBe(0);
  const none = await console_('app:user:create', 'eve@example.org', '--no-interaction');
  expect(none.status).toBe(2);
  expect(none.stdout).toContain('A user needs a password');
  const twice = await console_('app:user:create', 'bob@example.org', 'again');
  expect(twice.status).not.toBe(0);
  expect(twice.stderr + twice.stdout).toContain('UNIQUE constraint failed');
});

test('a session counts its own visits only', async () => {
  const one = createBrowser(server.url);
  const other = createBrowser(server.url);
  await one.get('/');
  expect((await one.get('/')).body).toContain('Visits in this session: 2');
  expect((await other.get('/')).body).toContain('Visits in this session: 1');
});

test('a protected page leads through the login form and back', async () => {
  const browser = createBrowser(server.url);
  const login = await browser.get('/documents/new');
  expect(login.url.pathname).toBe('/login');
  const wrong = await browser.submit(login, '', {
    _username: 'ada@example.org',
    _password: 'wrong',
  });
  expect(wrong.body).toContain('Invalid credentials.');
  const target = await browser.submit(wrong, '', {
    _username: 'ada@example.org',
    _password: 'lovelace',
  });
  expect(target.url.pathname).toBe('/documents/new');
  expect(target.body).toContain('ada@example.org');
});

test('a forged form without its token is refused', async () => {
  const browser = createBrowser(server.url);
  const page = await browser.post('/login', {
    _username: 'ada@example.org',
    _password: 'lovelace',
    _csrf_token: 'guess',
  });
  expect(page.body).toContain('Invalid CSRF token.');
});

test('roles: the administrator sees /admin, a user gets 403', async () => {
  const ada = await loggedIn('ada@example.org', 'lovelace');
  expect((await ada.get('/admin')).status).toBe(200);
  const bob = await loggedIn('bob@example.org', 'builder');
  expect((await bob.get('/admin')).status).toBe(403);
});

test('a form shows its errors, then saves, flashes once and lists the document', async () => {
  const browser = await loggedIn('ada@example.org', 'lovelace');
  const form = await browser.get('/documents/new');
  const short = await browser.submit(form, 'document', { 'document[title]': 'Hi' });
  expect(short.status).toBe(422);
  expect(short.body).toContain('too short');
  const saved = await browser.submit(short, 'document', {
    'document[title]': 'Œuvre & <b>ligne</b>',
    'document[description]': 'erste Zeile\nzweite Zeile',
  });
  expect(saved.url.pathname).toMatch(/^\/documents\/\d+$/);
  expect(saved.body).toContain('Saved “Œuvre &amp; &lt;b&gt;ligne&lt;/b&gt;”.');
  expect(saved.body).toMatch(/erste Zeile<br \/>\s*zweite Zeile/);
  expect((await browser.get(saved.url.pathname)).body).not.toContain('Saved');
  const found = await browser.get(`/?q=${encodeURIComponent('LIGNE')}`);
  expect(found.body).toContain('Œuvre &amp;');
});

test('an uploaded file comes back byte for byte, whole and in ranges', async () => {
  const browser = await loggedIn('ada@example.org', 'lovelace');
  const bytes = randomBytes(1_500_000);
  const page = await browser.submit(await browser.get('/documents/new'), 'document', {
    'document[title]': 'With a file',
    'document[upload]': new File([bytes], 'Bericht 1.bin'),
  });
  expect(page.body).toContain('Bericht 1.bin');
  const whole = await browser.request(`${page.url.pathname}/file`);
  expect(whole.headers.get('content-disposition')).toContain('attachment');
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  const part = await browser.request(`${page.url.pathname}/file`, {
    headers: { range: 'bytes=1000-1999' },
  });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1000, 2000))).toBe(
    true,
  );
});

test('JSON and a streamed CSV list the same documents', async () => {
  const browser = createBrowser(server.url);
  const rows = JSON.parse((await browser.get('/api/documents')).body) as {
    title: string;
  }[];
  expect(rows.map((row) => row.title)).toContain('With a file');
  const csv = await browser.get('/documents.csv');
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(csv.body.trim().split('\n')).toHaveLength(rows.length + 1);
});

test('logging out ends the session', async () => {
  const browser = await loggedIn('bob@example.org', 'builder');
  expect((await browser.get('/logout')).body).toContain('Log in');
  expect((await browser.get('/documents/new')).url.pathname).toBe('/login');
});

test('assets are served; configuration, sources and the database are not', async () => {
  const browser = createBrowser(server.url);
  const css = await browser.get('/style.css');
  expect(css.headers.get('content-type')).toMatch(/^text\/css/);
  for (const target of ['/../.env', '/.env', '/composer.json', '/var/app.db']) {
    expect((await browser.get(target)).status, target).toBe(404);
  }
});

test('an unknown page is a 404 of the application', async () => {
  const page = await createBrowser(server.url).get('/nowhere');
  expect(page.status).toBe(404);
  expect(page.body).toContain('Oops! An Error Occurred');
});

async function loggedIn(email: string, password: string) {
  const browser = createBrowser(server.url);
  const form = await browser.get('/login');
  const page = await browser.submit(form, '', { _username: email, _password: password });
  expect(page.body).toContain(email);
  return browser;
}
