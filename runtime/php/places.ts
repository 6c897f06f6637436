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
  const { dataDir, appRoot, cachesRoot } = places;
  const values: Record<string, string> = {
    '{data}': dataDir,
    '{app}': appRoot,
    '{caches}': cachesRoot,
  };
  // In one pass: the directories' own names may contain such a word.
  return text.replace(/(?<!\$)\{(?:data|app|caches)\}/g, (name) => values[name]!);
}
