import { afterAll, beforeAll, expect, test } from 'vitest';
import { wordpressTree } from '../apps/wordpress.ts';
import { type Mariadb, startMariadb } from './mariadb.ts';
import { builtProduct, type Deployment, deploy } from './product.ts';
import type { Server } from './server.ts';
import { describeSite } from './wordpress-site.ts';

let database: Mariadb;
let app: Deployment;
let server: Server;

beforeAll(async () => {
  app = await deploy(await builtProduct('wordpress', await wordpressTree()));
  database = await startMariadb(app.directory);
  await database.query(
    "CREATE DATABASE wordpress; CREATE USER wordpress@localhost IDENTIFIED BY 'secret';" +
      'GRANT ALL ON wordpress.* TO wordpress@localhost',
  );
  server = await app.serve({
    env: {
      DB_ENGINE: 'mysql',
      DB_HOST: `localhost:${database.socket}`,
      DB_PASSWORD: 'secret',
    },
  });
});

afterAll(async () => {
  await database?.stop();
  await app?.[Symbol.asyncDispose]();
});

describeSite(() => server);

test('the posts are in MariaDB', async () => {
  const titles = await database.query('SELECT post_title FROM wordpress.wp_posts');
  expect(titles).toContain('Über Ärger');
});
