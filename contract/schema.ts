/**
 * What configurations are described in: values that nest as deep as wanted, each with its
 * kind, default and text, from which types, checks and tables of the documentation come.
 * Of our own, as the product checks its configuration at every start of PHP: zod would add
 * 3 ms to the 56 ms of CPU that `php-cli -v` takes. The packager makes a zod schema of it.
 */
export type Type = Text | Whole | Switch | Choice | List | Dictionary | Either | Group;

/** `title`: how the documentation calls a value of it; otherwise by its kind. */
interface Titled {
  title?: string;
}

export interface Text extends Titled {
  kind: 'text';
  /** `path` may be '', a `place` may not, and has a slash at its end if a directory. */
  role?: 'path' | 'place' | 'glob';
  /** And what is said of a text that does not match: 'is not …'. */
  pattern?: { regExp: RegExp; otherwise: string };
}

/** 0 or more. */
interface Whole extends Titled {
  kind: 'number';
}

interface Switch extends Titled {
  kind: 'boolean';
}

interface Choice extends Titled {
  kind: 'choice';
  of: readonly string[];
}

interface List extends Titled {
  kind: 'list';
  of: Type;
}

/** Of entries with names that the user gives. */
interface Dictionary extends Titled {
  kind: 'object';
  /** What a name is. */
  names?: Text;
  of: Type;
}

interface Either extends Titled {
  kind: 'either';
  of: readonly Type[];
}

/** Of entries with names that are known, each described or a group itself. */
export interface Group extends Titled {
  kind: 'group';
  keys: Readonly<Record<string, Entry | Group>>;
}

export interface Entry {
  kind: 'entry';
  type: Type;
  /** What holds when nobody says otherwise. (Types of it would be too deep for tsc.) */
  initial: unknown;
  /** One line for the documentation, in Markdown. */
  text: string;
  /** What the documentation says of a default that depends. */
  shown?: string;
}

interface EntryOf<T extends Type> extends Entry {
  type: T;
}

export type ValueOf<T> = T extends { kind: 'text' }
  ? string
  : T extends { kind: 'number' }
    ? number
    : T extends { kind: 'boolean' }
      ? boolean
      : T extends { kind: 'choice'; of: readonly (infer C)[] }
        ? C
        : T extends { kind: 'list'; of: infer I }
          ? readonly ValueOf<I>[]
          : T extends { kind: 'object'; of: infer I }
            ? Readonly<Record<string, ValueOf<I>>>
            : T extends { kind: 'either'; of: readonly (infer I)[] }
              ? ValueOf<I>
              : T extends { kind: 'group'; keys: infer K }
                ? { [Name in keyof K]: ValueOf<K[Name]> }
                : T extends { kind: 'entry'; type: infer I }
                  ? ValueOf<I>
                  : never;

/** A group's value of which everything may be absent, at every depth. */
export type PartOf<G> = G extends { kind: 'group'; keys: infer K }
  ? { [Name in keyof K]?: PartOf<K[Name]> }
  : ValueOf<G>;

/** Dotted names of all entries. */
export type KeyOf<G> = G extends { kind: 'group'; keys: infer K }
  ? {
      [Name in keyof K & string]: K[Name] extends { kind: 'group' }
        ? `${Name}.${KeyOf<K[Name]>}`
        : Name;
    }[keyof K & string]
  : never;

export function entry<const T extends Type>(
  type: T,
  initial: unknown,
  text: string,
  shown?: string,
): EntryOf<T> {
  return {
    kind: 'entry',
    type,
    initial,
    text,
    ...(shown === undefined ? {} : { shown }),
  };
}

export function group<const K extends Group['keys']>(keys: K) {
  return { kind: 'group', keys } as const;
}

/** All entries, by dotted names. */
export function entriesOf({ keys }: Group, prefix = ''): Map<string, Entry> {
  const pairs = Object.entries(keys).flatMap(([name, one]): [string, Entry][] =>
    one.kind === 'group'
      ? [...entriesOf(one, `${prefix}${name}.`)]
      : [[`${prefix}${name}`, one]],
  );
  return new Map(pairs);
}

/** The values of a valid configuration, by the same names. */
export function flatten(
  { keys }: Group,
  value: unknown,
  prefix = '',
): Map<string, unknown> {
  const values = value as Record<string, unknown>;
  const pairs = Object.entries(keys).flatMap(([name, one]): [string, unknown][] =>
    one.kind === 'group'
      ? [...flatten(one, values[name], `${prefix}${name}.`)]
      : [[`${prefix}${name}`, values[name]]],
  );
  return new Map(pairs);
}

/** What `flatten` came from. */
export function unflatten(flat: ReadonlyMap<string, unknown>): unknown {
  const root: Record<string, unknown> = {};
  for (const [key, value] of flat) {
    const names = key.split('.');
    const last = names.pop()!;
    let inner = root;
    for (const name of names) inner = (inner[name] ??= {}) as Record<string, unknown>;
    inner[last] = value;
  }
  return root;
}
