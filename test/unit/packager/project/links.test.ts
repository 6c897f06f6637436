import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveLink } from '../../../../packager/project/links.ts';
import { temporaryTree } from '../tree.ts';

test('a relative link inside the app stays as it is', () => {
  using tree = temporaryTree({
    'storage/app/x': '',
    'public/s': { link: '../storage/app' },
  });
  expect(resolveLink(tree.root, 'public/s')).toEqual({
    target: '../storage/app',
    warning: null,
  });
});

test('an absolute link into the app becomes relative', () => {
  using tree = temporaryTree({ 'storage/app/x': '', 'public/': '' });
  symlinkSync(join(tree.root, 'storage/app'), join(tree.root, 'public/s'));
  symlinkSync(tree.root, join(tree.root, 'public/root'));
  expect(resolveLink(tree.root, 'public/s').target).toBe('../storage/app');
  expect(resolveLink(tree.root, 'public/root').target).toBe('..');
});

test('an absolute link by the real name of an app that is itself reached by a link', () => {
  using tree = temporaryTree({
    'app/storage/x': '',
    'app/public/': '',
    current: { link: 'app' },
  });
  symlinkSync(join(tree.root, 'app/storage'), join(tree.root, 'app/public/s'));
  expect(resolveLink(join(tree.root, 'current'), 'public/s').target).toBe('../storage');
});

test.each([['/etc/passwd'], ['../..'], ['../../elsewhere'], ['hop/../../../x']])(
  'a link to %s is refused',
  (link) => {
    using tree = temporaryTree({ 'public/bad': { link } });
    expect(() => resolveLink(tree.root, 'public/bad')).toThrow(
      expect.objectContaining({
        code: 'PHPACK_E_LINK_OUTSIDE',
        message: `the link public/bad leads out of the app, to ${link}`,
      }),
    );
  },
);

test('a link that leaves through another link is refused', () => {
  using outside = temporaryTree({ 'x/secret': '' });
  using tree = temporaryTree({
    dir: { link: join(outside.root, 'x') },
    bad: { link: 'dir/secret' },
  });
  expect(() => resolveLink(tree.root, 'bad')).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_LINK_OUTSIDE' }),
  );
});

test('a link to nothing is kept, with a warning', () => {
  using tree = temporaryTree({ broken: { link: 'missing/file' } });
  expect(resolveLink(tree.root, 'broken')).toEqual({
    target: 'missing/file',
    warning: 'broken is a link to missing/file, which does not exist',
  });
});
