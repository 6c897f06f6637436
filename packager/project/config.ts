import * as z from 'zod/mini';
import { type AppConfig, appConfig, type ConfigFile } from '../../contract/config.ts';
import type { Entry, Type } from '../../contract/schema.ts';

/** `phpack.json`, and `config` of a template: every key may be absent, none unknown. */
export const configFile = toZod(appConfig) as z.ZodMiniType<ConfigFile>;

/** What holds when neither the template nor phpack.json says otherwise. */
export const defaultConfig = initialOf(appConfig) as AppConfig;

/** Later layers win: arrays and values are replaced, objects merged key by key. */
export function mergeConfig(...layers: readonly ConfigFile[]): AppConfig {
  const merged = layers.reduce<unknown>(
    (under, over) => mergeValue(appConfig, under, over),
    defaultConfig,
  );
  return merged as AppConfig;
}

/** What a new member of a list or object leaves out is as the schema says. */
export function mergeValue(type: Type | Entry, under: unknown, over: unknown): unknown {
  switch (type.kind) {
    case 'entry':
      return mergeValue(type.type, under, over);
    case 'list':
      return (over as unknown[]).map((one) =>
        mergeValue(type.of, initialOf(type.of), one),
      );
    case 'object':
      return mergeNamed(under, over, () => type.of);
    case 'group':
      return mergeNamed(under, over, (name) => type.keys[name]!);
    case 'text':
    case 'number':
    case 'boolean':
    case 'choice':
    case 'either':
      return over;
    default:
      return type satisfies never;
  }
}

function mergeNamed(
  under: unknown,
  over: unknown,
  typeOf: (name: string) => Type | Entry,
): unknown {
  const merged = new Map<string, unknown>(Object.entries(under ?? {}));
  for (const [name, value] of Object.entries(over as object)) {
    const type = typeOf(name);
    const before = merged.has(name) ? merged.get(name) : initialOf(type);
    merged.set(name, mergeValue(type, before, value));
  }
  return Object.fromEntries(merged);
}

/** Undefined where only a list or an object could say how many there are. */
function initialOf(type: Type | Entry): unknown {
  if (type.kind === 'entry') return type.initial;
  if (type.kind !== 'group') return undefined;
  const pairs = Object.entries(type.keys);
  return Object.fromEntries(pairs.map(([name, one]) => [name, initialOf(one)]));
}

/** For a file: zod says best what is wrong with one, and where. */
function toZod(type: Type | Entry): z.ZodMiniType {
  switch (type.kind) {
    case 'entry':
      return toZod(type.type);
    case 'text': {
      if (!type.pattern) return z.string();
      const { regExp, otherwise } = type.pattern;
      return z.string().check(z.regex(regExp, otherwise));
    }
    case 'number':
      return z.number().check(z.int(), z.minimum(0));
    case 'boolean':
      return z.boolean();
    case 'choice':
      return z.enum([...type.of]);
    case 'list':
      return z.array(toZod(type.of));
    case 'object':
      return z.record(z.string(), toZod(type.of));
    case 'either':
      return z.union(type.of.map(toZod));
    case 'group': {
      const pairs = Object.entries(type.keys);
      const shape = pairs.map(([name, one]) => [name, z.optional(toZod(one))]);
      return z.strictObject(Object.fromEntries(shape));
    }
    default:
      return type satisfies never;
  }
}
