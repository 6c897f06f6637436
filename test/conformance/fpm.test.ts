import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../apps/cache.ts';
import { buildProduct } from '../e2e/product.ts';
import { type Server, startServer } from '../e2e/server.ts';
import { cases } from './fpm/cases.ts';
import { type Comparable, comparable, expectationOf } from './fpm/compare.ts';
import { ask, type Question } from './fpm/wire.ts';
import { ensurePeerRoot } from './peer.ts';
import { type PeerServer, startPeer } from './peer-server.ts';

/** The same for both: what would differ only because two distributions chose so. */
const ini = {
  display_errors: '1',
  error_reporting: '32767',
  html_errors: '0',
  expose_php: '0',
  log_errors: '1',
  // With a buffer our flush() differs on purpose: it empties the buffer, too.
  output_buffering: '0',
  memory_limit: '64M',
  upload_max_filesize: '4M',
  post_max_size: '6M',
  max_file_uploads: '20',
  max_input_vars: '1000',
  max_execution_time: '30',
  max_input_time: '60',
  variables_order: 'GPCS',
  request_order: 'GP',
  register_argc_argv: '0',
  short_open_tag: '0',
  include_path: '.',
  'session.save_path': '/tmp',
  'session.use_strict_mode': '0',
  'session.gc_probability': '0',
  'zend.assertions': '-1',
  'opcache.enable': '1',
};

let dir: string;
let site: string;
let peer: PeerServer;
let product: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'phpack-fpm-'));
  site = join(dir, 'conformance');
  cpSync(join(import.meta.dirname, 'fpm/site'), site, { recursive: true });
  peer = await startPeer(
    ensurePeerRoot((line) => console.log(line)),
    { site, workers: 1, ini },
  );
  writeFileSync(join(site, 'phpack.json'), JSON.stringify({ php: { ini } }));
  const binary = join(dir, 'product');
  await buildProduct(site, binary);
  product = await startServer(binary, {
    dataDir: join(dir, 'data'),
    args: ['--workers', '1'],
  });
});

afterAll(async () => {
  await product?.stop();
  await peer?.stop();
  await removeTree(dir);
});

async function answerOf(
  url: string,
  root: string,
  question: Question,
): Promise<Comparable> {
  const hides = [
    [root, 'SITE'],
    [new URL(url).port, 'PORT'],
  ] as const;
  return comparable(await ask(url, question), hides);
}

test.each(cases)('answers as nginx and php-fpm do: $name', async (question) => {
  const theirs = await answerOf(peer.url, '/srv/site', question);
  const ours = await answerOf(product.url, await productRoot(), question);
  expect(ours).toEqual(expectationOf(theirs, ours));
});

let root: string | undefined;

/** Where the product extracted the site to: it says so itself. */
async function productRoot(): Promise<string> {
  if (root === undefined) {
    const { body } = await ask(product.url, { target: '/server.php' });
    root = (JSON.parse(body.toString()) as { DOCUMENT_ROOT: string }).DOCUMENT_ROOT;
  }
  return root;
}
