import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAny } from '../apps/run.ts';
import { startTlsServer, type TlsServer } from '../conformance/smoke/tls-server.ts';
import { debianRoot, enterRoom, inside, programsIn, type Room } from './chroot.ts';
import { builtProduct, type Deployment, deploy, ownTree } from './product.ts';

let product: string;
let tls: TlsServer;
let keys: string;

beforeAll(async () => {
  product = await builtProduct('probe', await ownTree('probe'));
  keys = await fs.mkdtemp('/tmp/phpack-e2e-keys-');
  tls = await startTlsServer(keys);
});

afterAll(async () => {
  await tls?.stop();
  if (keys) await fs.rm(keys, { recursive: true });
});

describe.each(['bullseye', 'bookworm', 'trixie'])('in a bare Debian %s', (suite) => {
  let app: Deployment;
  let room: Room;

  beforeAll(async () => {
    const root = await debianRoot(suite);
    app = await deploy(product);
    room = { root, directory: app.directory, user: 65534 };
  });

  afterAll(() => app?.[Symbol.asyncDispose]());

  test('the binary serves pages, files and a database, and stops when told', async () => {
    expect(
      await programsIn(room.root, ['php', 'node', 'npm', 'openssl', 'curl']),
    ).toEqual([]);
    const server = await app.serve({
      dataDir: `${inside}/data`,
      user: undefined,
      through: (binary, args) =>
        enterRoom(room, [path.join(inside, path.basename(binary)), ...args]),
    });
    const front = (await (await fetch(server.url)).json()) as { php: string };
    expect(front.php).toMatch(/^8\.4\./);
    const posted = await fetch(`${server.url}/notes.php`, {
      method: 'POST',
      body: new URLSearchParams({ text: suite }),
    });
    expect(await posted.json()).toEqual([suite]);
    expect(await (await fetch(`${server.url}/version.txt`)).text()).toBe('1\n');
    const ended = once(server.process, 'exit');
    await server.stop();
    expect(await ended).toEqual([0, null]);
  });

  test('php-cli runs there, as nobody, with names, time zones and character sets', async () => {
    const { status, stdout, stderr } = await php(room, ['bin/tool', suite]);
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ arguments: [suite] });
    expect(await seen(room)).toMatchObject({
      host: '127.0.0.1',
      berlin: '+02:00',
      german: '1.234,5',
      converted: true,
    });
  });

  test('without certificates of the system it trusts the public authorities it brings', async () => {
    expect(await seen(room)).toMatchObject({
      publicRoot: true,
      stream: false,
      curl: false,
    });
  });

  test('it trusts what the system trusts, and then nothing else', async () => {
    expect(await seen({ ...room, authority: tls.authority })).toMatchObject({
      publicRoot: false,
      stream: true,
      curl: true,
    });
    expect(await seen({ ...room, authority: tls.otherAuthority })).toMatchObject({
      publicRoot: false,
      stream: false,
      curl: false,
    });
  });

  async function seen(where: Room): Promise<Record<string, unknown>> {
    const address = `${tls.url}/`;
    const { stdout, stderr } = await php(where, [
      'bin/system.php',
      publicRoot(),
      address,
    ]);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  function php(where: Room, args: readonly string[]) {
    const binary = `${inside}/${path.basename(app.binary)}`;
    const words = [binary, '--data-dir', `${inside}/data`, 'php-cli', ...args];
    const [program, all] = enterRoom(where, words);
    return runAny(program, all, { env: {}, input: '' });
  }
});

/** A root certificate of the public web that is valid today. */
function publicRoot(): string {
  const found = rootCertificates.find((pem) => {
    const certificate = new X509Certificate(pem);
    return certificate.subject.includes('ISRG Root X1');
  });
  if (!found) throw new Error('Node no longer brings ISRG Root X1: choose another');
  return found;
}
