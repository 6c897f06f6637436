import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { home } from './home.ts';

/** Of phpack itself. */
export function ownVersion(): string {
  const text = readFileSync(join(home, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
