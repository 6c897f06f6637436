import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mediawikiTree } from '../apps/mediawiki.ts';
import { type Browser, createBrowser, type Entry } from './browser.ts';
import { imageSize, pngFile } from './image.ts';
import { builtProduct, type Deployment, deploy } from './product.ts';
import type { Server } from './server.ts';

const admin = { name: 'Admin', password: 'correct horse battery' };

let app: Deployment;
let server: Server;
let editor: Browser;

beforeAll(async () => {
  app = await deploy(await builtProduct('mediawiki', await mediawikiTree()));
});

afterAll(() => app?.[Symbol.asyncDispose]());

test('the command line installs a wiki; what it wrote makes the server show it', async () => {
  server = await app.serve();
  const fresh = await createBrowser(server.url).get('/');
  expect(fresh.body).toContain('LocalSettings.php not found');

  const root = (await app.command(['extract'])).stdout.trim();
  const install = await app.phpCli([
    'maintenance/run.php',
    'install',
    '--dbtype=sqlite',
    `--dbpath=${path.join(app.dataDir, 'var/data')}`,
    '--dbname=wiki',
    `--server=${server.url}`,
    '--scriptpath=',
    '--lang=de',
    `--pass=${admin.password}`,
    `--confpath=${root}`,
    'Wörterbuch',
    admin.name,
  ]);
  expect(install.status, install.stdout + install.stderr).toBe(0);
  await fs.appendFile(
    path.join(app.dataDir, 'var/LocalSettings.php'),
    [
      '',
      '$wgEnableUploads = true;',
      '$wgUseImageMagick = false;',
      // Debian's package has /var/cache/mediawiki for a default, which nobody may write.
      '$wgCacheDirectory = "$IP/cache";',
      // Without a cron job of its own, the wiki works off its queue after each answer.
      '$wgJobRunRate = 1;',
      "$wgArticlePath = '/wiki/$1';",
      '',
    ].join('\n'),
  );
  const page = await createBrowser(server.url).get('/');
  expect(page.url.pathname).toBe('/wiki/Hauptseite');
  expect(page.body).toContain('Wörterbuch');
});

test('a wrong password is refused, the right one lets the administrator in', async () => {
  editor = createBrowser(server.url);
  const form = await editor.get('/wiki/Spezial:Anmelden');
  const wrong = await editor.submit(form, 'userlogin', {
    wpName: admin.name,
    wpPassword: 'guess',
  });
  expect(wrong.body).toMatch(/cdx-message--error/);
  const right = await editor.submit(wrong, 'userlogin', {
    wpName: admin.name,
    wpPassword: admin.password,
  });
  expect(right.body).toContain('"wgUserName":"Admin"');
});

test('an article written in the form is read, changed and kept in its history', async () => {
  const form = await editor.get('/index.php?title=Äpfel_%26_Birnen&action=edit');
  const saved = await editor.submit(form, 'editform', {
    wpTextbox1: "'''Äpfel''' sind [[Obst]].\n\n== Sorten ==\n* Boskop\n",
    wpSummary: 'Anfang',
    wpSave: '1',
  });
  expect(saved.url.pathname).toBe('/wiki/%C3%84pfel_%26_Birnen');
  expect(saved.body).toContain('<b>Äpfel</b> sind');

  const again = await editor.get('/index.php?title=Äpfel_%26_Birnen&action=edit');
  await editor.submit(again, 'editform', {
    wpTextbox1: "'''Äpfel''' sind [[Obst]].\n\n== Sorten ==\n* Boskop\n* Elstar\n",
    wpSave: '1',
  });
  const visitor = createBrowser(server.url);
  const read = await visitor.get('/wiki/Äpfel_%26_Birnen');
  expect(read.status).toBe(200);
  expect(read.body).toContain('<li>Elstar</li>');
  const history = await visitor.get(
    '/index.php?title=Äpfel_%26_Birnen&action=history&limit=5',
  );
  expect(history.body).toContain('Anfang');
  expect((await visitor.get('/wiki/Birnen')).status).toBe(404);
});

test('a program edits by the API and reads JSON back', async () => {
  const { query } = await api({ action: 'query', meta: 'tokens' });
  const token = query?.tokens?.csrftoken ?? '';
  const edit = await api({
    action: 'edit',
    title: 'Obst',
    text: '{{uc:obst}} ist gesund.',
    token,
  });
  expect(edit.edit?.result).toBe('Success');
  const parsed = await api({ action: 'parse', page: 'Obst', prop: 'text' });
  expect(parsed.parse?.text).toContain('OBST ist gesund');
  const forged = await api({ action: 'edit', title: 'Obst', text: '', token: '+\\' });
  expect(forged.error?.code).toBe('badtoken');
});

test('the REST interface gives source and HTML, with the path behind rest.php', async () => {
  const page = await createBrowser(server.url).get('/rest.php/v1/page/Obst');
  expect(page.headers.get('content-type')).toMatch(/^application\/json/);
  expect(JSON.parse(page.body)).toMatchObject({
    title: 'Obst',
    content_model: 'wikitext',
    source: expect.stringContaining('ist gesund'),
  });
  const html = await createBrowser(server.url).get('/rest.php/v1/page/Obst/html');
  expect(html.body).toMatch(/>OBST<\/span> ist gesund/);
});

test('styles and scripts come out of load.php and are not sent twice', async () => {
  const visitor = createBrowser(server.url);
  const target =
    '/load.php?lang=de&modules=site.styles%7Cskins.vector.styles.legacy&only=styles&skin=vector';
  const css = await visitor.request(target);
  expect(css.headers.get('content-type')).toMatch(/^text\/css/);
  expect((await css.text()).length).toBeGreaterThan(5000);
  // The first times, the wiki learns which files a module is made of: its version changes.
  const secondStatus = async () => {
    const first = await visitor.get(target);
    const etag = first.headers.get('etag') ?? '';
    return (await visitor.request(target, { headers: { 'if-none-match': etag } })).status;
  };
  await expect.poll(secondStatus, { timeout: 30_000, interval: 300 }).toBe(304);
  const scripts = await visitor.get(
    '/load.php?lang=de&modules=startup&only=scripts&raw=1&skin=vector',
  );
  expect(scripts.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(scripts.body).toContain('mw.loader');
});

test('an uploaded image is shown in the size an article asks for', async () => {
  const form = await editor.get('/wiki/Spezial:Hochladen');
  const image = pngFile('Verlauf.png', 900, 600);
  const done = await editor.submit(form, 'mw-upload-form', {
    wpUploadFile: image,
    wpDestFile: 'Verlauf.png',
    wpUploadDescription: 'Ein Verlauf',
    wpUpload: '1',
  });
  expect(done.url.pathname).toBe('/wiki/Datei:Verlauf.png');
  const { query } = await api({
    action: 'query',
    titles: 'Datei:Verlauf.png',
    prop: 'imageinfo',
    iiprop: 'url|size',
    iiurlwidth: '300',
  });
  const info = query?.pages?.[0]?.imageinfo?.[0];
  const original = await fetch(info?.url ?? '');
  expect(Buffer.from(await original.arrayBuffer())).toEqual(
    Buffer.from(await image.arrayBuffer()),
  );
  const thumbnail = await fetch(info?.thumburl ?? '');
  expect(thumbnail.headers.get('content-type')).toBe('image/png');
  const size = imageSize(Buffer.from(await thumbnail.arrayBuffer()));
  expect(size).toEqual({ width: 300, height: 200 });
});

test('the search finds words of articles', async () => {
  const rebuilt = await app.phpCli(['maintenance/run.php', 'runJobs']);
  expect(rebuilt.status).toBe(0);
  const found = await createBrowser(server.url).get(
    '/index.php?title=Spezial:Suche&fulltext=1&search=elstar',
  );
  expect(found.body).toMatch(/mw-search-result-heading[\s\S]*Äpfel &amp; Birnen/);
});

test('its code, settings and database are not served', async () => {
  const visitor = createBrowser(server.url);
  for (const target of [
    '/LocalSettings.php',
    '/data/wiki.sqlite',
    '/includes/Setup.php',
    '/maintenance/run.php',
    '/vendor/autoload.php',
    '/cache/',
    '/composer.json',
  ]) {
    const page = await visitor.get(target);
    expect(page.body, target).not.toMatch(/wgDBname|SQLite format|<\?php/);
  }
  const logo = await visitor.get('/resources/assets/mediawiki.png');
  expect(logo.headers.get('content-type')).toBe('image/png');
});

test('an export by the command line contains the articles', async () => {
  const dump = await app.phpCli(['maintenance/run.php', 'dumpBackup', '--current']);
  expect(dump.status).toBe(0);
  expect(dump.stdout).toContain('<title>Äpfel &amp; Birnen</title>');
});

interface ApiAnswer {
  query?: {
    tokens?: { csrftoken: string };
    pages?: { imageinfo?: { url: string; thumburl: string }[] }[];
  };
  edit?: { result: string };
  parse?: { text: string };
  error?: { code: string };
}

async function api(fields: Record<string, Entry>): Promise<ApiAnswer> {
  const page = await editor.post('/api.php', {
    ...fields,
    format: 'json',
    formatversion: '2',
  });
  expect(page.headers.get('content-type')).toMatch(/^application\/json/);
  return JSON.parse(page.body) as ApiAnswer;
}
