import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergeConfig } from '../../../packager/project/config.ts';
import {
  loadTemplates,
  type Template,
  templateConfig,
} from '../../../packager/project/template.ts';
import type { AppConfig } from '../../../contract/config.ts';
import { get } from './raw.ts';
import { type Site, startSite } from './site.ts';

const source = '<?php echo "uploaded";';

/** What an upload may bring, and by which targets a visitor may try to run it. */
const uploads = ['x.php', 'X.PHP', 'x.jpg.php', 'sub/index.php', 'index.php'];
const tries = (directory: string): string[] => [
  ...uploads.map((name) => `/${directory}/${name}`),
  ...uploads.map((name) => `/${directory}/${name}/y`),
  `/${directory}`,
  `/${directory}/`,
  `/${directory}/sub`,
  `/${directory}/sub/`,
  `/${directory}/X.php`,
  `/./a/..//${directory}/%78.php`,
  `/alias/x.php`,
  `/alias/`,
  `/evil.php`,
  `/evil.php/y`,
];

const docroot = 'public';

/** As the packager makes it; the app also writes below the document root. */
function configOf(template: Template): AppConfig {
  const config = mergeConfig(templateConfig(template, '/nowhere', docroot));
  const writable = [...config.writable, `${docroot}/up/`];
  return { ...config, writable, caches: [...config.caches, `${docroot}/made/`] };
}

function directoriesOf({ writable, caches }: AppConfig): string[] {
  return [...writable, ...caches].filter((path) => path.endsWith('/'));
}

function writeTo(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function link(target: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(target, place);
}

/** The app unpacked: what it writes is links, as runtime/payload/tree.ts places them. */
function packed(config: AppConfig) {
  return (appRoot: string, writableRoot: string, cachesRoot: string): void => {
    for (const [paths, root] of [
      [config.writable, writableRoot],
      [config.caches, cachesRoot],
    ] as const) {
      for (const path of paths.map((one) => one.replace(/\/$/, ''))) {
        link(join(root, path), join(appRoot, path));
        mkdirSync(join(root, dirname(path)), { recursive: true });
      }
    }
    inPlace(config)(appRoot, writableRoot, cachesRoot);
  };
}

/** As `phpack serve` has it. */
function inPlace(config: AppConfig) {
  return (appRoot: string, writableRoot: string, cachesRoot: string): void => {
    for (const path of directoriesOf(config)) {
      const roots = { writable: writableRoot, caches: cachesRoot };
      const kind = config.writable.includes(path) ? 'writable' : 'caches';
      mkdirSync(join(roots[kind], path), { recursive: true });
      for (const name of uploads) writeTo(appRoot, join(path, name), source);
    }
    link('up', join(appRoot, docroot, 'alias'));
    link('up/x.php', join(appRoot, docroot, 'evil.php'));
  };
}

async function ranOf(site: Site, target: string): Promise<string> {
  const { status, body, headers } = await get(site.port, target);
  expect(body).not.toContain('uploaded');
  if (status === 404 || status === 308) return '';
  expect([status, headers['x-php']]).toEqual([200, '1']);
  return (JSON.parse(body) as { scriptName: string }).scriptName;
}

const layouts = { 'in a product': packed, 'with phpack serve': inPlace };
const cases = loadTemplates().flatMap((template) =>
  Object.keys(layouts).map((layout) => ({
    name: template.name,
    template,
    layout: layout as keyof typeof layouts,
  })),
);

describe.each(cases)('$name, $layout', ({ template, layout }) => {
  const config = configOf(template);
  let site: Site;
  beforeAll(async () => {
    site = await startSite({
      config,
      files: { 'public/index.php': '<?php', 'public/code/index.php': '<?php' },
      isTreeImmutable: layout === 'in a product',
      prepare: layouts[layout](config),
    });
  });
  afterAll(() => site.close());

  const directories = directoriesOf(config)
    .filter((path) => path.startsWith(`${docroot}/`))
    .map((path) => path.slice(docroot.length + 1, -1));

  test.each(directories)('nothing in %s runs, by no name', async (directory) => {
    for (const target of tries(directory)) {
      const ran = await ranOf(site, target);
      expect([target, ran]).toEqual([target, ran === '' ? '' : '/index.php']);
    }
  });
});

test.each(Object.keys(layouts) as (keyof typeof layouts)[])(
  'a script that entryScripts names runs, its neighbours do not (%s)',
  async (layout) => {
    const config = {
      entryScripts: ['**', 'up/x.php'],
      writable: ['public/up/'],
      caches: [],
    };
    const site = await startSite({
      config,
      prepare: layouts[layout]({ ...mergeConfig(), ...config }),
    });
    expect(await ranOf(site, '/up/x.php')).toBe('/up/x.php');
    expect(await ranOf(site, '/up/x.php/y')).toBe('/up/x.php');
    expect(await ranOf(site, '/up/x.jpg.php')).toBe('/index.php');
    expect(await ranOf(site, '/up/')).toBe('/index.php');
    await site.close();
  },
);

test('an uploaded front controller does not take over a site that has none', async () => {
  const config = { documentRoot: 'up', writable: ['up/'] };
  const files = { 'up/tool.html': 'tool', 'up/index.php': source };
  const site = await startSite({ config, files });
  for (const target of ['/', '/index.php', '/nothing']) {
    expect((await get(site.port, target)).status).toBe(404);
  }
  await site.close();
});

test('a single writable file is no script either', async () => {
  const files = { 'public/index.php': '<?php', 'public/local.php': source };
  const config = { writable: ['public/local.php'] };
  const site = await startSite({ config, files });
  expect(await ranOf(site, '/local.php')).toBe('/index.php');
  await site.close();
});
