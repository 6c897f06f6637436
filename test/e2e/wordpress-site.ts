import { beforeAll, expect, test } from 'vitest';
import { type Browser, createBrowser } from './browser.ts';
import { decodeEntities } from './html.ts';
import { imageSize, pngFile } from './image.ts';
import type { Server } from './server.ts';

const admin = { name: 'editor', password: 'correct horse battery' };

interface Post {
  id: number;
  link: string;
  title: { rendered: string };
  content: { rendered: string };
}

interface Media {
  id: number;
  source_url: string;
  media_details: {
    width: number;
    sizes: Record<string, { source_url: string; width: number; height: number }>;
  };
}

/** The installation as the first visitor does it; returns the browser with the session. */
export async function installWordpress(server: Server): Promise<Browser> {
  const browser = createBrowser(server.url);
  const page = await browser.get('/');
  expect(page.url.pathname).toBe('/wp-admin/install.php');
  const done = await browser.post('/wp-admin/install.php?step=2', {
    weblog_title: 'Zeitung & Söhne',
    user_name: admin.name,
    admin_password: admin.password,
    admin_password2: admin.password,
    pw_weak: 'on',
    admin_email: 'editor@example.org',
    language: '',
    blog_public: '1',
  });
  expect(done.body).toContain('WordPress has been installed');
  return browser;
}

export async function logIn(browser: Browser): Promise<void> {
  const form = await browser.get('/wp-login.php');
  const page = await browser.submit(form, 'loginform', {
    log: admin.name,
    pwd: admin.password,
  });
  expect(page.url.pathname).toBe('/wp-admin/');
  expect(page.body).toContain('Dashboard');
}

/** Sends JSON (or a file) to the REST interface as the editor's scripts do. */
export async function rest<T>(
  browser: Browser,
  route: string,
  body: unknown,
): Promise<T> {
  const nonce = (await browser.get('/wp-admin/admin-ajax.php?action=rest-nonce')).body;
  const headers: Record<string, string> = { 'x-wp-nonce': nonce };
  if (body instanceof File) {
    headers['content-type'] = body.type;
    headers['content-disposition'] = `attachment; filename="${body.name}"`;
  } else headers['content-type'] = 'application/json';
  const response = await browser.request(`/index.php?rest_route=/wp/v2/${route}`, {
    method: 'POST',
    headers,
    body: body instanceof File ? body : JSON.stringify(body),
  });
  const text = await response.text();
  expect(response.status, text.slice(0, 2000)).toBe(201);
  return JSON.parse(text) as T;
}

/** What an editor and visitors do with a fresh site, in this order. */
export function describeSite(started: () => Server): void {
  let browser: Browser;
  let server: Server;
  let post: Post;

  beforeAll(() => {
    server = started();
  });

  test('installs itself on the first visit', async () => {
    browser = await installWordpress(server);
    const home = await createBrowser(server.url).get('/');
    expect(home.status).toBe(200);
    expect(home.body).toContain('Zeitung &amp; Söhne');
  });

  test('refuses a wrong password and lets the editor in', async () => {
    const page = await browser.submit(await browser.get('/wp-login.php'), 'loginform', {
      log: admin.name,
      pwd: 'guess',
    });
    expect(page.body).toContain('is incorrect');
    await logIn(browser);
  });

  test('publishes a post that visitors read', async () => {
    post = await rest<Post>(browser, 'posts', {
      title: 'Über Ärger',
      content: '<!-- wp:paragraph --><p>Ein 😀 Absatz.</p><!-- /wp:paragraph -->',
      status: 'publish',
    });
    const page = await createBrowser(server.url).get(post.link);
    expect(page.status).toBe(200);
    expect(page.body).toContain('Ein 😀 Absatz.');
  });

  test('shows the block editor', async () => {
    const page = await browser.get(`/wp-admin/post.php?post=${post.id}&action=edit`);
    expect(page.body).toContain('wp.editPost');
  });

  test('scales an image uploaded by form and one by REST', async () => {
    const form = await browser.get('/wp-admin/media-new.php?browser-uploader');
    const library = await browser.submit(form, 'file-form', {
      'async-upload': pngFile('form.png', 1600, 900),
      'html-upload': 'Upload',
    });
    expect(library.url.pathname).toBe('/wp-admin/upload.php');
    const list = (await browser.get('/index.php?rest_route=/wp/v2/media')).body;
    expect((JSON.parse(list) as Media[])[0]?.source_url).toMatch(/form\.png$/);

    const media = await rest<Media>(browser, 'media', pngFile('rest.png', 1200, 800));
    const { sizes } = media.media_details;
    expect(Object.keys(sizes)).toEqual(
      expect.arrayContaining(['thumbnail', 'medium', 'large']),
    );
    for (const { source_url: url, width, height } of Object.values(sizes)) {
      const response = await fetch(url);
      expect(response.headers.get('content-type')).toBe('image/png');
      const size = imageSize(Buffer.from(await response.arrayBuffer()));
      expect(size).toEqual({ width, height });
    }
  });

  test('answers under pretty permalinks, also those with non-ASCII letters', async () => {
    const form = await browser.get('/wp-admin/options-permalink.php');
    const saved = await browser.submit(form, 'options-permalink.php', {
      selection: 'custom',
      permalink_structure: '/%year%/%postname%/',
    });
    expect(saved.body).toContain('Permalink structure updated');
    const listed = (await browser.get(`/wp-json/wp/v2/posts/${post.id}`)).body;
    const { link } = JSON.parse(listed) as Post;
    expect(link).toMatch(/\/\d{4}\/uber-arger\/$/);
    const visitor = createBrowser(server.url);
    expect((await visitor.get(link)).body).toContain('Ein 😀 Absatz.');
    expect((await visitor.get('/2001/nowhere/')).status).toBe(404);
    const plain = await visitor.get(`/?p=${post.id}`);
    expect(plain.url.pathname).toMatch(/uber-arger/);
  });

  test('takes a comment of a visitor and moderates it', async () => {
    const visitor = createBrowser(server.url);
    const page = await visitor.get(`/?p=${post.id}`);
    const sent = await visitor.submit(page, 'commentform', {
      author: 'Visitor',
      email: 'visitor@example.org',
      comment: 'Very true.',
    });
    expect(sent.body).toContain('awaiting moderation');
    const queue = await browser.get('/wp-admin/edit-comments.php');
    expect(queue.body).toContain('Very true.');
  });

  test('offers the feed, the sitemap and the search', async () => {
    const visitor = createBrowser(server.url);
    const feed = await visitor.get('/feed/');
    expect(feed.headers.get('content-type')).toMatch(/^application\/rss\+xml/);
    expect(feed.body).toContain('<title>Über Ärger</title>');
    expect((await visitor.get('/wp-sitemap.xml')).body).toContain(
      'wp-sitemap-posts-post-1',
    );
    const found = await visitor.get(`/?s=${encodeURIComponent('Ärger')}`);
    expect(found.body).toContain('Ein 😀 Absatz.');
  });

  test('serves styles and scripts, and none of its inner files', async () => {
    const visitor = createBrowser(server.url);
    const css = await visitor.get('/wp-includes/css/dashicons.min.css');
    expect(css.headers.get('content-type')).toMatch(/^text\/css/);
    const joined = await browser.get(
      '/wp-admin/load-styles.php?c=0&dir=ltr&load%5B%5D=dashicons',
    );
    expect(joined.headers.get('content-type')).toMatch(/^text\/css/);
    expect((await visitor.get('/wp-content/database/wordpress.sqlite')).status).toBe(404);
    const config = await visitor.get('/wp-config.php');
    expect(config.body).not.toContain('DB_ENGINE');
  });

  test('logs out', async () => {
    const page = await browser.get('/wp-admin/');
    const link = /href=["']([^"']*action=logout[^"']*)/.exec(page.body)?.[1] ?? '';
    const out = await browser.get(decodeEntities(link));
    expect(out.body).toContain('You are now logged out.');
    expect((await browser.get('/wp-admin/')).url.pathname).toBe('/wp-login.php');
  });
}
