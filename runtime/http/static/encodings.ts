/** Content codings of files that lie compressed beside the original, best first. */
export const codings = [
  { coding: 'zstd', extension: '.zst' },
  { coding: 'br', extension: '.br' },
  { coding: 'gzip', extension: '.gz' },
] as const;

export type Coding = (typeof codings)[number]['coding'];

/**
 * The coding to send, of those available, by RFC 9110 §12.5.3: highest weight first, ours
 * among equals; null for the file as it is.
 */
export function chooseCoding(
  acceptEncoding: string | undefined,
  available: readonly Coding[],
): Coding | null {
  if (acceptEncoding === undefined || acceptEncoding === '') return null;
  const weights = parseWeights(acceptEncoding);
  const anyWeight = weights.get('*') ?? 0;
  // Unmentioned, the original is acceptable but never preferred to what was asked for.
  let best = weights.get('identity') ?? 0;
  let chosen: Coding | null = null;
  for (const coding of available) {
    const weight = weightOf(coding, weights) ?? anyWeight;
    if (weight > 0 && (weight > best || (chosen === null && weight === best))) {
      best = weight;
      chosen = coding;
    }
  }
  return chosen;
}

function weightOf(
  coding: Coding,
  weights: ReadonlyMap<string, number>,
): number | undefined {
  // RFC 9110 §8.4.1.3: x-gzip is another name of gzip.
  return weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined);
}

function parseWeights(acceptEncoding: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.split(',')) {
    const [name, ...parameters] = part.split(';');
    const coding = name!.trim().toLowerCase();
    if (coding === '') continue;
    let weight = 1;
    for (const parameter of parameters) {
      const match = /^\s*q\s*=\s*(\d(?:\.\d{0,3})?)\s*$/i.exec(parameter);
      // A weight that cannot be read is none: better uncompressed than unreadable.
      weight = match ? Math.min(Number(match[1]), 1) : 0;
    }
    weights.set(coding, weight);
  }
  return weights;
}
