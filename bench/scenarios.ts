/** What a contender serves: the files of site.ts, or an application. */
export type Site = 'plain' | 'wordpress' | 'drupal';

/** Drupal needs a tree that the machine may not have. */
export const sites: readonly Site[] = process.env['PHPACK_TEST_DRUPAL']
  ? ['plain', 'wordpress', 'drupal']
  : ['plain', 'wordpress'];

/** One row of the table: a request, repeated by wrk. */
export interface LoadScenario {
  name: string;
  title: string;
  site: Site;
  path: string;
  /** Bytes of a POST body; absent: GET. */
  postBytes?: number;
  /** Every request has a query of its own, so that no page cache has the answer. */
  isUnique?: boolean;
  /** As the site's administrator. */
  isLoggedIn?: boolean;
  /** Open connections of wrk. */
  connections: number;
  /** Of the design, CPU µs per request over all server processes; absent: none set. */
  budgetMicros?: number;
}

export const loadScenarios: readonly LoadScenario[] = [
  {
    name: 'hello',
    title: 'hello, classic',
    site: 'plain',
    path: '/',
    connections: 64,
    budgetMicros: 30,
  },
  {
    name: 'page',
    title: '50 KB page, classic',
    site: 'plain',
    path: '/page.php',
    connections: 64,
    budgetMicros: 80,
  },
  {
    name: 'post',
    title: 'POST 1 KB, classic',
    site: 'plain',
    path: '/post.php',
    postBytes: 1024,
    connections: 64,
  },
  {
    name: 'static-10k',
    title: 'static 10 KB',
    site: 'plain',
    path: '/static/10k.css',
    connections: 64,
    budgetMicros: 17,
  },
  {
    name: 'static-1m',
    title: 'static 1 MB',
    site: 'plain',
    path: '/static/1m.bin',
    connections: 16,
  },
  {
    name: 'wordpress',
    title: 'WordPress front page',
    site: 'wordpress',
    path: '/',
    connections: 8,
  },
  {
    name: 'drupal-cached',
    title: 'Drupal, page cache',
    site: 'drupal',
    path: '/node',
    connections: 8,
    budgetMicros: 4000,
  },
  {
    name: 'drupal-anonymous',
    title: 'Drupal, anonymous',
    site: 'drupal',
    path: '/node',
    isUnique: true,
    connections: 8,
    budgetMicros: 17_000,
  },
  {
    name: 'drupal-logged-in',
    title: 'Drupal, logged in',
    site: 'drupal',
    path: '/node',
    isLoggedIn: true,
    connections: 8,
    budgetMicros: 14_000,
  },
];

/** Scenarios that are no load: what a process costs, and how soon it answers. */
export const otherScenarios: readonly string[] = ['memory', ...sites.map(firstScenario)];

export function firstScenario(site: Site): string {
  return site === 'plain' ? 'first' : `first-${site}`;
}

/** Worker processes of every contender: the design's idle and load figures are for four. */
export const WORKERS = 4;
