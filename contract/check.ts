import type { Entry, Group, Type } from './schema.ts';

/** What is wrong with the value at a dotted key, `''` for the whole. */
export type Fault = { key: string } & (
  | { kind: 'unknown' }
  | { kind: 'missing' }
  | { kind: 'wrong'; wanted: string }
  | { kind: 'unfit'; why: string }
);

/** Everything that is wrong with a value, not only the first. */
export function check(type: Type | Entry, value: unknown, key = ''): Fault[] {
  const require = (isRight: boolean): Fault[] =>
    isRight ? [] : [{ key, kind: 'wrong', wanted: wantedOf(type) }];
  switch (type.kind) {
    case 'entry':
      return check(type.type, value, key);
    case 'text':
      if (typeof value !== 'string') return require(false);
      if (!type.pattern || type.pattern.regExp.test(value)) return [];
      return [
        { key, kind: 'unfit', why: `${JSON.stringify(value)} ${type.pattern.otherwise}` },
      ];
    case 'number':
      return require(Number.isSafeInteger(value) && (value as number) >= 0);
    case 'boolean':
      return require(typeof value === 'boolean');
    case 'choice':
      return require(type.of.some((one) => one === value));
    case 'either':
      return require(type.of.some((one) => check(one, value, key).length === 0));
    case 'list':
      if (!Array.isArray(value)) return require(false);
      return value.flatMap((one, at) => check(type.of, one, below(key, String(at))));
    case 'object':
      if (!isObject(value)) return require(false);
      return Object.entries(value).flatMap(([name, one]) =>
        check(type.of, one, below(key, name)),
      );
    case 'group':
      return isObject(value) ? checkGroup(type, value, key) : require(false);
    default:
      return type satisfies never;
  }
}

function checkGroup(
  { keys }: Group,
  value: Readonly<Record<string, unknown>>,
  key: string,
): Fault[] {
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(keys, name));
  return [
    ...unknown.map((name): Fault => ({ key: below(key, name), kind: 'unknown' })),
    ...Object.entries(keys).flatMap(([name, type]): Fault[] => {
      const inner = below(key, name);
      if (!Object.hasOwn(value, name)) return [{ key: inner, kind: 'missing' }];
      return check(type, value[name], inner);
    }),
  ];
}

/** What a value of the type is, for a message. */
function wantedOf(type: Type | Entry): string {
  switch (type.kind) {
    case 'entry':
      return wantedOf(type.type);
    case 'text':
      return 'a text';
    case 'number':
      return 'a whole number, 0 or more';
    case 'boolean':
      return 'true or false';
    case 'choice':
      return type.of.length === 1 ? `"${type.of[0]}"` : `one of ${type.of.join(', ')}`;
    case 'either':
      return type.of.map(wantedOf).join(' or ');
    case 'list':
      return `a list of ${type.of.kind}s`;
    case 'object':
      return `an object of ${type.of.kind}s`;
    case 'group':
      return 'an object';
    default:
      return type satisfies never;
  }
}

function below(key: string, name: string): string {
  return key === '' ? name : `${key}.${name}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
