import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, runNode, stage } from './stages.ts';

/**
 * Builds a real WordPress into `dist/wordpress` and serves it until Ctrl-C. What visitors
 * write stays in `dist/wordpress-data`, so a second demo goes on where the first ended.
 */
export async function serveDemo(args: readonly string[]): Promise<number> {
  const listen = args[0] ?? '127.0.0.1:8080';
  const binary = join(root, 'dist/wordpress');
  const dataDir = join(root, 'dist/wordpress-data');
  const isBuilt = await stage('phpack build: WordPress', async () => {
    const { wordpressTree } = await import('../test/apps/wordpress.ts');
    const tree = await wordpressTree();
    mkdirSync(dirname(binary), { recursive: true });
    const words = ['packager/cli.ts', 'build', tree, '--name', 'wordpress', '-o', binary];
    return (await runNode(words)).isOk;
  });
  if (!isBuilt) return 1;
  console.log(`
WordPress, PHP and the web server are in one file: ${binary}

  http://${listen}/           opens WordPress' own installation (SQLite, no database server)
  http://${listen}/wp-admin/  afterwards: write a post, upload a picture
  ${binary} php-cli -v
  ${binary} config

Copy the file to any Linux machine (glibc 2.28 or later) and start it there. Ctrl-C ends it.
`);
  const server = spawn(binary, ['--listen', listen, '--data-dir', dataDir], {
    stdio: 'inherit',
    env: {},
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Ctrl-C reaches the server too, as both are in the terminal's process group.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  server.on('error', reject);
  server.on('close', (status) => resolve(status ?? 1));
  return promise;
}
