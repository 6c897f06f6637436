import { afterAll, beforeAll, expect, test } from 'vitest';
import { wordpressTree } from '../apps/wordpress.ts';
import { type Mariadb, startMariadb } from './mariadb.ts';
import { builtProduct, type Server, startServer, temporaryDirectory } from './product.ts';
import { describeSite } from './wordpress-site.ts';

let database: Mariadb;
let server: Server;
const dir = await temporaryDirectory();

beforeAll(async () => {
  const binary = await builtProduct('wordpress', await wordpressTree());
  database = await startMariadb(dir.path);
  await database.query(
    "CREATE DATABASE wordpress; CREATE USER wordpress@localhost IDENTIFIED BY 'secret';" +
      'GRANT ALL ON wordpress.* TO wordpress@localhost',
  );
  server = await startServer(binary, {
    dataDir: `${dir.path}/data`,
    env: {
      DB_ENGINE: 'mysql',
      DB_HOST: `localhost:${database.socket}`,
      DB_PASSWORD: 'secret',
    },
  });
});

afterAll(async () => {
  await server?.stop();
  await database?.stop();
  await dir[Symbol.asyncDispose]();
});

describeSite(() => server);

test('the posts are in MariaDB', async () => {
  const titles = await database.query('SELECT post_title FROM wordpress.wp_posts');
  expect(titles).toContain('Über Ärger');
});
