/**
 * Composer's version constraints, as far as they are written for PHP itself: `^8.1`,
 * `~8.2.0`, `>=8.1 <8.5`, `8.1.*`, `7.4 - 8.4`, `^7.4 || ^8.0`, with `|` and `,` as older
 * files have them.
 */
type Version = readonly [number, number, number];

/**
 * True also for what cannot be understood: a check must not forbid what it does not know.
 */
export function satisfies(version: string, constraint: string): boolean {
  const actual = parseVersion(version);
  if (!actual) return true;
  return constraint
    .split(/\s*\|\|?\s*/)
    .some((part) => satisfiesAll(actual.version, part));
}

function satisfiesAll(actual: Version, text: string): boolean {
  const range = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(text);
  if (range) {
    const low = parseVersion(range[1]!);
    const high = parseVersion(range[2]!);
    if (!low || !high) return true;
    const isBelow =
      high.given === 3
        ? compare(actual, high.version) <= 0
        : compare(actual, bump(high.version, high.given - 1)) < 0;
    return compare(actual, low.version) >= 0 && isBelow;
  }
  // An operator may stand apart from its version.
  const joined = text.replace(/([<>=!~^]+)\s+/g, '$1').trim();
  const parts = joined.split(/[\s,]+/).filter((part) => part !== '');
  return parts.every((part) => satisfiesOne(actual, part));
}

function satisfiesOne(actual: Version, text: string): boolean {
  const [, operator = '', rest = ''] = /^([<>=!~^]*)(.*)$/.exec(text) ?? [];
  if (/^[*xX]$/.test(rest.replace(/@.*$/, ''))) return true;
  const parsed = parseVersion(rest);
  if (!parsed) return true;
  const { version, given, isWildcard } = parsed;
  const order = compare(actual, version);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '!=':
    case '<>':
      return order !== 0;
    case '^':
      return order >= 0 && compare(actual, bump(version, version[0] > 0 ? 0 : 1)) < 0;
    case '~':
      return order >= 0 && compare(actual, bump(version, Math.max(0, given - 2))) < 0;
    default:
      return isWildcard
        ? order >= 0 && compare(actual, bump(version, given - 1)) < 0
        : order === 0;
  }
}

interface ParsedVersion {
  version: Version;
  /** How many of the three numbers were written. */
  given: number;
  isWildcard: boolean;
}

function parseVersion(text: string): ParsedVersion | null {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(\.[*xX])?/.exec(text);
  if (!match) return null;
  const numbers = match.slice(1, 4).filter((part) => part !== undefined);
  const [major = 0, minor = 0, patch = 0] = numbers.map(Number);
  const isWildcard = match[4] !== undefined;
  return { version: [major, minor, patch], given: numbers.length, isWildcard };
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** The first version after all that share the numbers up to `index`. */
function bump(version: Version, index: number): Version {
  const [major, minor, patch] = version;
  if (index === 0) return [major + 1, 0, 0];
  return index === 1 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}
