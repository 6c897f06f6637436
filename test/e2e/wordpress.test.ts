import { afterAll, beforeAll, expect, test } from 'vitest';
import { wordpressTree } from '../apps/wordpress.ts';
import {
  builtProduct,
  phpCli,
  type Server,
  startServer,
  temporaryDirectory,
} from './product.ts';
import { describeSite } from './wordpress-site.ts';

let binary: string;
let server: Server;
const dir = await temporaryDirectory();

beforeAll(async () => {
  binary = await builtProduct('wordpress', await wordpressTree());
  server = await startServer(binary, { dataDir: dir.path });
});

afterAll(async () => {
  await server?.stop();
  await dir[Symbol.asyncDispose]();
});

describeSite(() => server);

test('the command line sees the same site', async () => {
  const code = 'require "wp-load.php"; echo get_bloginfo("name"), PHP_EOL;';
  const { stdout, stderr, status } = await phpCli(binary, ['-r', code], {
    dataDir: dir.path,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe('Zeitung &amp; Söhne\n');
});
