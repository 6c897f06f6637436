import type { AppConfig } from '../../contract/config.ts';
import { isDirectiveName, isOneLine } from '../../contract/php-ini.ts';

/** As the product's own checks, which would only come at its start. */
export function phpFaults({ ini, env }: AppConfig['php']): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(ini)) {
    if (!isDirectiveName(name))
      faults.push(`php.ini: ${JSON.stringify(name)} is not the name of a directive`);
    if (!isOneLine(value)) faults.push(`php.ini.${name}: has more than one line`);
  }
  for (const [name, value] of Object.entries(env)) {
    // oxlint-disable-next-line no-control-regex
    if (/^[^=\0]+$/.test(name) && !value.includes('\0')) continue;
    faults.push(`php.env: ${JSON.stringify(name)} is not the name of a variable`);
  }
  return faults;
}
