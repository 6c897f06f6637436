/** What differs between machines and versions, and has names in the configuration. */
export interface Places {
  dataDir: string;
  appRoot: string;
  cachesRoot: string;
}

/** `{data}`, `{app}` and `{caches}` of `php.env` and `php.ini`. */
export function fillIn(text: string, places: Places): string {
  return text
    .replaceAll('{data}', () => places.dataDir)
    .replaceAll('{app}', () => places.appRoot)
    .replaceAll('{caches}', () => places.cachesRoot);
}
