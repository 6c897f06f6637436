import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../channel/request.ts';
import { Php } from './php.ts';

const ini = {
  'opcache.enable': 1,
  'opcache.validate_timestamps': 0,
  'opcache.file_update_protection': 0,
};

test('OPcache serves all workers from one memory', async () => {
  const php = new Php({ ini, workers: 2 });
  php.file('lib.php', '<?php return 1;');
  const include =
    'include __DIR__ . "/lib.php"; ' +
    'echo opcache_get_status()["scripts"][__DIR__ . "/lib.php"]["hits"] ?? -1;';
  await php.text(include);
  const look =
    'usleep(30000); echo json_encode([getmypid(), ' +
    'opcache_get_status(false)["opcache_enabled"], ' +
    'opcache_is_script_cached(__DIR__ . "/lib.php")]);';
  const all = Array.from({ length: 20 }, () => php.send(look));
  const pids = new Set<number>();
  for (const one of all) {
    const [pid, ...seen] = JSON.parse((await one.settled()).body.toString());
    expect(seen).toEqual([true, true]);
    pids.add(pid);
  }
  expect(pids.size).toBe(2);
  // One after the other: OPcache may lose hits that are counted at the same time.
  const first = Number(await php.text(include));
  for (let i = 1; i < 10; i++) expect(await php.text(include)).toBe(`${first + i}`);
});

test('the code in memory outlives the file, and opcache_reset() ends that', async () => {
  const php = new Php({ ini });
  const path = php.file('a.php', '<?php echo "old";');
  const get = async (): Promise<string> =>
    (await php.sendTo('/a.php').settled()).body.toString();
  expect(await get()).toBe('old');
  php.file('a.php', '<?php echo "new";');
  expect(await get()).toBe('old');
  expect(
    await php.text(
      `echo json_encode(opcache_invalidate(${JSON.stringify(path)}, true));`,
    ),
  ).toBe('true');
  expect(await get()).toBe('new');
  expect(await php.text('echo json_encode(opcache_reset());')).toBe('true');
  expect(await get()).toBe('new');
});

test('preloaded classes are there in every request, also as root', async () => {
  const preload = new Php().file('preload.php', '<?php class Preloaded { const X = 1; }');
  const php = new Php({ ini: { ...ini, 'opcache.preload': preload }, workers: 2 });
  for (let i = 0; i < 4; i++) expect(await php.text('echo Preloaded::X;')).toBe('1');
});

test('a relative opcache.preload means the directory PHP was started in', async () => {
  const { docroot } = new Php();
  writeFileSync(join(docroot, 'preload.php'), '<?php class Preloaded { const X = 1; }');
  const php = new Php({
    ini: { ...ini, 'opcache.preload': 'preload.php' },
    cwd: docroot,
  });
  expect(await php.text('echo Preloaded::X;')).toBe('1');
});

test('an OPcache restart under load breaks no request', async () => {
  const php = new Php({ ini, workers: 3 });
  for (let i = 0; i < 40; i++) php.file(`f${i}.php`, `<?php return ${i};`);
  const code =
    '$n = 0; for ($i = 0; $i < 40; $i++) $n += include __DIR__ . "/f$i.php"; echo $n;';
  const all = Array.from({ length: 300 }, (_, i) =>
    i % 10 === 0 ? php.send('opcache_reset(); echo 780;') : php.send(code),
  );
  for (const one of all) expect((await one.settled()).body.toString()).toBe('780');
  await until(() => php.pool.stats().busy === 0, 'all to be done');
  expect(php.pool.stats()).toMatchObject({ served: 300, crashes: 0 });
});

test('PHP runs without OPcache, too', async () => {
  const php = new Php({ ini: { 'opcache.enable': 0 }, env: { PHP_BINARY: '/opt/php' } });
  const code =
    'echo json_encode([opcache_get_status(), $_SERVER["REMOTE_ADDR"], PHP_BINARY]);';
  for (let i = 0; i < 3; i++) {
    expect(await php.json(code)).toEqual([false, '192.0.2.7', '/opt/php']);
  }
});
