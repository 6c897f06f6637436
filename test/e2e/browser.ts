import { type Form, parseForms } from './html.ts';

export interface Page {
  url: URL;
  status: number;
  headers: Headers;
  body: string;
  forms: Form[];
}

/** What a user types, presses and picks: strings replace a field's value, files are sent. */
export type Entry = string | File;

export interface Browser {
  /** Cookies by name, as they would go to the server. */
  readonly cookies: Map<string, string>;
  /** All of them, as a `Cookie` header. */
  cookieHeader(): string;
  /** Follows redirects as a browser does. */
  get(target: string): Promise<Page>;
  /** One request as given, with the cookies; redirects are not followed. */
  request(target: string, init?: RequestInit): Promise<Response>;
  /**
   * Fills in the form named `form` (its id or name, or a part of its action) of a page and
   * sends it. Fields that the page does not have are added, as scripts would.
   */
  submit(page: Page, form: string, entries: Record<string, Entry>): Promise<Page>;
  /** Posts fields without a form. */
  post(target: string, entries: Record<string, Entry>): Promise<Page>;
}

/** A user's browser without scripts: cookies, redirects, forms, uploads. */
export function createBrowser(base: string): Browser {
  const cookies = new Map<string, string>();

  function cookieHeader(): string {
    return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async function request(target: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (cookies.size > 0) {
      headers.set('cookie', cookieHeader());
    }
    const url = new URL(target, base);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) keep(cookie);
    return response;
  }

  function keep(cookie: string): void {
    const [pair = '', ...rest] = cookie.split(/;\s*/);
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    const expires = rest.find((part) => /^expires=/i.test(part))?.slice(8);
    const gone = rest.some((part) => /^max-age=0$/i.test(part));
    if (gone || (expires && Date.parse(expires) < Date.now())) cookies.delete(name);
    else cookies.set(name, pair.slice(at + 1));
  }

  async function visit(target: string, init?: RequestInit): Promise<Page> {
    let url = new URL(target, base);
    let response = await request(url.href, init);
    for (let hops = 0; isRedirect(response); hops++) {
      if (hops === 10) throw new Error(`more than 10 redirects from ${target}`);
      await response.arrayBuffer();
      url = new URL(response.headers.get('location') ?? '', url);
      response = await request(url.href);
    }
    const body = await response.text();
    const { status, headers } = response;
    return { url, status, headers, body, forms: parseForms(body) };
  }

  function send(url: URL, method: string, fields: [string, Entry][]): Promise<Page> {
    const text = fields.filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    if (method === 'get') {
      url.search = String(new URLSearchParams(text));
      return visit(url.href);
    }
    if (text.length === fields.length) {
      return visit(url.href, { method: 'POST', body: new URLSearchParams(text) });
    }
    const body = new FormData();
    for (const [name, entry] of fields) body.append(name, entry);
    return visit(url.href, { method: 'POST', body });
  }

  return {
    cookies,
    cookieHeader,
    request,
    get: (target) => visit(target),
    post: (target, entries) =>
      send(new URL(target, base), 'post', Object.entries(entries)),
    submit(page, name, entries) {
      const form = page.forms.find((one) => one.id === name || one.action.includes(name));
      if (!form) {
        const seen = page.forms.map((one) => `${one.id} → ${one.action}`).join(', ');
        const head = page.body.slice(0, 2000);
        throw new Error(
          `no form ${name} on ${page.url.href} (${page.status}): ${seen}\n${head}`,
        );
      }
      const kept = form.fields.filter(([field]) => !(field in entries));
      const url = new URL(form.action || page.url.href, page.url);
      return send(url, form.method, [...kept, ...Object.entries(entries)]);
    },
  };
}

function isRedirect(response: Response): boolean {
  return [301, 302, 303, 307, 308].includes(response.status);
}
