/** What differs between machines and versions, and has names in the configuration. */
export interface Places {
  dataDir: string;
  appRoot: string;
  cachesRoot: string;
}

/**
 * `{data}`, `{app}` and `{caches}` of `php.env` and `php.ini`; not `${data}`, which is a
 * variable's name.
 */
export function fillIn(text: string, places: Places): string {
  return text
    .replace(/(?<!\$)\{data\}/g, () => places.dataDir)
    .replace(/(?<!\$)\{app\}/g, () => places.appRoot)
    .replace(/(?<!\$)\{caches\}/g, () => places.cachesRoot);
}
