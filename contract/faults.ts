import { check } from './check.ts';
import { type AppConfig, appConfig } from './config.ts';
import { compileGlobs } from './glob.ts';
import { isBelow, isCleanPath, withoutSlash } from './paths.ts';
import { type Entry, entriesOf, flatten, type Text, type Type } from './schema.ts';

/** What is wrong with paths and globs that are texts as they should be. */
export function configFaults(config: AppConfig): string[] {
  const values = flatten(appConfig, config);
  const places: string[] = [];
  const globs: string[] = [];
  for (const [key, { type }] of entriesOf(appConfig)) {
    for (const { text, role } of textsOf(type, values.get(key))) {
      if (role === 'glob') globs.push(...globFault(key, text));
      else if (role && !isPlace(text, role)) places.push(outside(key, text));
    }
  }
  return [...places, ...overlaps(config), ...globs];
}

/** All texts in a valid value, names included. */
function textsOf(
  type: Type | Entry,
  value: unknown,
): { text: string; role: Text['role'] }[] {
  switch (type.kind) {
    case 'entry':
      return textsOf(type.type, value);
    case 'text':
      return [{ text: value as string, role: type.role }];
    case 'list':
      return (value as unknown[]).flatMap((one) => textsOf(type.of, one));
    case 'object':
      return Object.entries(value as object).flatMap(([name, one]) => [
        { text: name, role: type.names?.role },
        ...textsOf(type.of, one),
      ]);
    case 'group':
      return Object.entries(type.keys).flatMap(([name, one]) =>
        textsOf(one, (value as Record<string, unknown>)[name]),
      );
    case 'either': {
      const found = type.of.find((one) => check(one, value).length === 0);
      return found ? textsOf(found, value) : [];
    }
    case 'number':
    case 'boolean':
    case 'choice':
      return [];
    default:
      return type satisfies never;
  }
}

function overlaps({ writable, caches }: AppConfig): string[] {
  return caches.flatMap((cache) => {
    const other = writable.find((one) => isBelow(cache, one) || isBelow(one, cache));
    if (!other) return [];
    return [`caches: ${cache} and writable: ${other} overlap`];
  });
}

function globFault(key: string, glob: string): string[] {
  try {
    compileGlobs([glob]);
    return [];
  } catch (error) {
    return [`${key}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** A clean path, with a slash at its end or without. */
function isPlace(path: string, role: 'path' | 'place'): boolean {
  return (role === 'path' && path === '') || isCleanPath(withoutSlash(path));
}

function outside(key: string, path: string): string {
  return `${key}: ${JSON.stringify(path)} is not a relative path inside the app`;
}
