import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { laravelTree } from '../apps/laravel.ts';
import { type Browser, createBrowser } from './browser.ts';
import { builtProduct, type Deployment, deploy } from './product.ts';
import type { Server } from './server.ts';

let app: Deployment;
let server: Server;
// The secret comes from where the customer starts the binary, not from the binary.
const env = { APP_KEY: `base64:${randomBytes(32).toString('base64')}` };

beforeAll(async () => {
  app = await deploy(await builtProduct('laravel', await laravelTree()));
  server = await app.serve({ env });
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

const artisan = (...args: string[]) =>
  app.phpCli(['artisan', '--no-ansi', ...args], { env });

test('artisan migrates a database that does not exist yet', async () => {
  const migrate = await artisan('migrate', '--force');
  expect(migrate.stdout).toContain('2026_11_01_000000_create_tables');
  expect(migrate.status).toBe(0);
  expect((await artisan('migrate:status')).stdout).toMatch(
    /create_framework_tables .* Ran/,
  );
  expect((await artisan('about', '--json')).stdout).toContain(
    '"environment":"production"',
  );
});

test('the health route answers', async () => {
  expect((await createBrowser(server.url).get('/up')).status).toBe(200);
});

test('a visitor registers, is greeted once and sees the empty board', async () => {
  const browser = createBrowser(server.url);
  const login = await browser.get('/');
  expect(login.url.pathname).toBe('/login');
  const form = await browser.get('/register');
  const wrong = await browser.submit(form, 'register', {
    name: 'Grace',
    email: 'grace@example.org',
    password: 'longenough',
    password_confirmation: 'different',
  });
  expect(wrong.body).toContain('confirmation does not match');
  expect(wrong.forms.find((one) => one.id === 'register')?.fields).toContainEqual([
    'email',
    'grace@example.org',
  ]);
  const board = await browser.submit(wrong, 'register', {
    password: 'longenough',
    password_confirmation: 'longenough',
  });
  expect(board.url.pathname).toBe('/tasks');
  expect(board.body).toContain('Welcome, Grace!');
  expect(board.body).toContain('Nothing to do.');
  expect((await browser.get('/tasks')).body).not.toContain('Welcome');
});

test('a request without its CSRF token is refused', async () => {
  const browser = await user('csrf');
  expect((await browser.post('/tasks', { title: 'Forged' })).status).toBe(419);
});

test('tasks are made, checked, changed and removed', async () => {
  const browser = await user('owner');
  const refused = await browser.submit(await browser.get('/tasks'), 'task', {
    title: 'x',
  });
  expect(refused.body).toContain('at least 3 characters');
  const task = await browser.submit(refused, 'task', { title: 'Löschen <script>' });
  expect(task.body).toContain('Task saved.');
  expect(task.body).toContain('<h1>Löschen &lt;script&gt;</h1>');
  const done = await browser.submit(task, 'change', {});
  expect(done.body).toContain('<p>Done</p>');
  const board = await browser.submit(done, 'remove', {});
  expect(board.body).toContain('Task removed.');
  expect((await browser.get(task.url.pathname)).status).toBe(404);
});

test('the policy keeps others out', async () => {
  const owner = await user('mine');
  const task = await owner.submit(await owner.get('/tasks'), 'task', {
    title: 'Private',
  });
  const other = await user('theirs');
  expect((await other.get(task.url.pathname)).status).toBe(403);
});

test('an upload is served from the storage link and hashed by the queue', async () => {
  const browser = await user('queue');
  const bytes = randomBytes(700_000);
  const page = await browser.submit(await browser.get('/tasks'), 'task', {
    title: 'With attachment',
    attachment: new File([bytes], 'data.bin'),
  });
  expect(page.body).toContain('not hashed yet');
  const target = /href="(\/storage\/[^"]+)"/.exec(page.body)?.[1] ?? '';
  const file = await browser.request(target);
  expect(file.status).toBe(200);
  expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
  const work = await artisan('queue:work', '--stop-when-empty');
  expect(work.stdout).toMatch(/HashAttachment .* DONE/);
  const hashed = await browser.get(page.url.pathname);
  expect(hashed.body).toContain(createHash('sha256').update(bytes).digest('hex'));
});

test('pages of a list, as HTML and JSON', async () => {
  const browser = await user('pages');
  for (let count = 1; count <= 11; count++) {
    await browser.submit(await browser.get('/tasks'), 'task', {
      title: `Task no. ${count}`,
    });
  }
  expect((await browser.get('/tasks')).body).not.toContain('>Task no. 1<');
  expect((await browser.get('/tasks?page=2')).body).toContain('>Task no. 1<');
  const json = JSON.parse((await browser.get('/api/tasks?page=3')).body) as {
    total: number;
  };
  expect(json).toMatchObject({
    total: 11,
    current_page: 3,
    data: [{ title: 'Task no. 1' }],
  });
});

test('an own command reports in a table and as JSON', async () => {
  const table = await artisan('tasks:report');
  expect(table.stdout).toMatch(/\| pages@example.org +\| 11 +\| 0 +\|/);
  const { stdout } = await artisan('tasks:report', '--json');
  expect(JSON.parse(stdout)).toContainEqual({
    email: 'pages@example.org',
    open: 11,
    done: 0,
  });
});

test('logging in fails with a message and is throttled, logging out ends the session', async () => {
  const browser = await user('throttled');
  expect(
    (await browser.submit(await browser.get('/tasks'), 'logout', {})).url.pathname,
  ).toBe('/login');
  const form = await browser.get('/login');
  const fields = { email: 'throttled@example.org', password: 'wrong' };
  const failed = await browser.submit(form, 'login', fields);
  expect(failed.body).toContain('These credentials do not match our records.');
  let last = failed.status;
  for (let attempt = 0; attempt < 5; attempt++) {
    last = (await browser.submit(form, 'login', fields)).status;
  }
  expect(last).toBe(429);
});

test('maintenance mode is switched on and off from the command line', async () => {
  const browser = createBrowser(server.url);
  expect((await artisan('down')).status).toBe(0);
  expect((await browser.get('/login')).status).toBe(503);
  expect((await artisan('up')).status).toBe(0);
  expect((await browser.get('/login')).status).toBe(200);
});

async function user(name: string): Promise<Browser> {
  const browser = createBrowser(server.url);
  const page = await browser.submit(await browser.get('/register'), 'register', {
    name,
    email: `${name}@example.org`,
    password: 'longenough',
    password_confirmation: 'longenough',
  });
  expect(page.url.pathname).toBe('/tasks');
  return browser;
}
