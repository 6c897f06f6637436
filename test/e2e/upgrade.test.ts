import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../apps/cache.ts';
import {
  buildProduct,
  builtProduct,
  type Deployment,
  deploy,
  ownTree,
} from './product.ts';

const versions = ['1', '2', '3', '4'] as const;
let app: Deployment;
let work: string;

beforeAll(async () => {
  app = await deploy(await builtProduct('probe', await ownTree('probe')));
  work = await fs.mkdtemp(path.join(app.directory, 'vendor-'));
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

/** The next release: version.txt and the database's default text differ. */
async function buildVersion(version: string): Promise<void> {
  if (version === '1') return;
  const tree = path.join(work, `tree-${version}`);
  await fs.cp(await ownTree('probe'), tree, { recursive: true });
  await fs.writeFile(path.join(tree, 'version.txt'), `${version}\n`);
  await fs.writeFile(
    path.join(tree, 'style.css'),
    `b { color: rgb(0, 0, ${version}) }\n`,
  );
  const file = path.join(work, `probe-${version}`);
  await buildProduct(tree, file, ['--no-prove']);
  // As a customer puts a new release in the old one's place.
  await fs.rename(file, app.binary);
  await removeTree(tree);
}

interface Front {
  version: string;
  /** Of style.css. */
  style: number | false;
}

test('each release shows its own code and what visitors left before', async () => {
  const notes: string[] = [];
  const times: (number | false)[] = [];
  let etag = '';
  let modified = '';
  for (const version of versions) {
    await buildVersion(version);
    const server = await app.serve();
    const front = (await (await fetch(server.url)).json()) as Front;
    expect(front.version).toBe(version);
    times.push(front.style);

    const post = await fetch(`${server.url}/notes.php`, {
      method: 'POST',
      body: new URLSearchParams({ text: `written with ${version}` }),
    });
    notes.push(`written with ${version}`);
    expect(await post.json()).toEqual(notes);
    const form = new FormData();
    form.set('file', new File([`upload ${version}`], `${version}.txt`));
    await fetch(`${server.url}/upload.php`, { method: 'POST', body: form });
    for (let earlier = 1; earlier <= Number(version); earlier++) {
      const upload = await fetch(`${server.url}/uploads/${earlier}.txt`);
      expect(await upload.text()).toBe(`upload ${earlier}`);
    }
    if (version !== '1') {
      // Same name and size: only the content tells the two apart.
      const css = await fetch(`${server.url}/style.css`, {
        headers: etag === '' ? {} : { 'if-none-match': etag },
      });
      expect(await css.text()).toContain(`0, ${version})`);
      etag = css.headers.get('etag') ?? '';
      expect(etag).not.toBe('');
      const since = { 'if-modified-since': modified };
      expect((await fetch(`${server.url}/style.css`, { headers: since })).status).toBe(
        200,
      );
      modified = css.headers.get('last-modified') ?? '';
      expect(modified).not.toBe('');
    }
    expect(await server.stop()).toBe(0);
  }
  // The first has no such file.
  expect(times[0]).toBe(false);
  expect(new Set(times).size).toBe(versions.length);
  const kept = await fs.readdir(path.join(app.dataDir, 'app'));
  expect(kept.filter((name) => !name.startsWith('.'))).toHaveLength(2);
});

test('the release before is still there to go back to, without unpacking', async () => {
  const before = await fs.readdir(path.join(app.dataDir, 'app'));
  await buildVersion('3');
  const server = await app.serve();
  const front = (await (await fetch(server.url)).json()) as { version: string };
  expect(front.version).toBe('3');
  expect(server.entries().some((entry) => entry.msg === 'unpacked the app')).toBe(false);
  await server.stop();
  expect((await fs.readdir(path.join(app.dataDir, 'app'))).sort()).toEqual(before.sort());
});

test('a running server keeps its version while newer ones come and go', async () => {
  const old = await app.serve();
  for (const version of ['5', '6', '7']) {
    await buildVersion(version);
    const server = await app.serve();
    expect(
      ((await (await fetch(server.url)).json()) as { version: string }).version,
    ).toBe(version);
    await server.stop();
  }
  const front = (await (await fetch(old.url)).json()) as { version: string };
  expect(front.version).toBe('3');
  expect((await fetch(`${old.url}/style.css`)).status).toBe(200);
});
