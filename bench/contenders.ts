// Who is measured: our product as built by `phpack build`, and nginx with php-fpm of Debian
// trixie, of the same PHP release. Both stay up during a run; only one is under load.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { drupalTree } from '../test/apps/drupal.ts';
import { wordpressTree } from '../test/apps/wordpress.ts';
import { ensurePeerRoot } from '../test/conformance/peer.ts';
import { startPeer } from '../test/conformance/peer-server.ts';
import { buildProduct } from '../test/e2e/product.ts';
import { startServer } from '../test/e2e/server.ts';
import { copyDrupalSite, installDrupal, loginDrupal } from './drupal.ts';
import { type Site, WORKERS } from './scenarios.ts';
import { writePlainSite } from './site.ts';

export interface Contender {
  name: string;
  url: string;
  pid: number;
  /** `Cookie` of the administrator; '' where there is none. */
  cookie: string;
  stop(): Promise<void>;
}

/** Makes a site's files, or finds them. */
const trees: Readonly<Record<Site, (dir: string) => Promise<string>>> = {
  plain: (dir) => Promise.resolve(writePlainSite(dir)),
  wordpress: () => wordpressTree(),
  drupal: () => drupalTree(),
};

/** Files that one run makes and uses: the sites and the products of them. */
export class Workshop {
  readonly dir: string;
  readonly #sites = new Map<Site, Promise<string>>();
  readonly #products = new Map<Site, Promise<string>>();

  constructor(dir: string) {
    this.dir = dir;
  }

  site(site: Site): Promise<string> {
    return remembered(this.#sites, site, () => trees[site](this.dir));
  }

  /** Data directory of the product under load. */
  dataDir(site: Site): string {
    return join(this.dir, `data-${site}`);
  }

  /** The one-file product of a site. */
  product(site: Site): Promise<string> {
    return remembered(this.#products, site, async () => {
      const file = join(this.dir, `${site}-product`);
      await buildProduct(await this.site(site), file);
      return file;
    });
  }
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

export async function startProduct(workshop: Workshop, site: Site): Promise<Contender> {
  const binary = await workshop.product(site);
  const dataDir = workshop.dataDir(site);
  if (site === 'drupal') await installDrupal(binary, dataDir);
  const server = await startServer(binary, {
    dataDir,
    args: ['--workers', String(WORKERS)],
  });
  if (site === 'wordpress') await installWordpress(server.url);
  return {
    name: 'phpack',
    url: server.url,
    pid: server.process.pid ?? 0,
    cookie: site === 'drupal' ? await loginDrupal(server.url) : '',
    stop: async () => {
      await server.stop();
    },
  };
}

/** The peer as Debian configures it; `kept` with kept connections between its two parts. */
export async function startFpm(
  workshop: Workshop,
  site: Site,
  isKept = false,
): Promise<Contender> {
  const original = await workshop.site(site);
  // The application writes into its tree; the cached one must stay as it is.
  const copy = join(workshop.dir, isKept ? 'fpm-kept' : 'fpm', site);
  mkdirSync(copy, { recursive: true });
  cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
  if (site === 'drupal') copyDrupalSite(workshop.dataDir(site), copy);
  const peer = await startPeer(
    ensurePeerRoot((line) => console.log(line)),
    {
      site: copy,
      documentRoot: site === 'drupal' ? 'web' : '',
      workers: WORKERS,
      keepConnections: isKept,
      ini: {
        'opcache.validate_timestamps': '0',
        'opcache.memory_consumption': '128',
        realpath_cache_size: '4096K',
      },
    },
  );
  if (site === 'wordpress') await installWordpress(peer.url);
  const cookie = site === 'drupal' ? await loginDrupal(peer.url) : '';
  return { name: isKept ? 'nginx + fpm, kept' : 'nginx + php-fpm', cookie, ...peer };
}

async function installWordpress(url: string): Promise<void> {
  const form = {
    weblog_title: 'Bench',
    user_name: 'editor',
    admin_password: 'correct horse battery',
    admin_password2: 'correct horse battery',
    pw_weak: 'on',
    admin_email: 'editor@example.org',
    blog_public: '1',
  };
  const response = await fetch(`${url}/wp-admin/install.php?step=2`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const text = await response.text();
  if (!text.includes('WordPress has been installed')) {
    throw new Error(`WordPress at ${url} is not installed: ${text.slice(0, 500)}`);
  }
}
