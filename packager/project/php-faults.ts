import type { AppConfig } from '../../contract/config.ts';

/** As the product's own checks, which would only come at its start. */
export function phpFaults({ ini, env }: AppConfig['php']): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(ini)) {
    const isName = /^[A-Za-z_][\w.-]*$/.test(name);
    if (!isName) faults.push(`php.ini: ${JSON.stringify(name)} is no directive`);
    // oxlint-disable-next-line no-control-regex
    if (/[\0\r\n]/.test(value)) faults.push(`php.ini.${name}: is more than one line`);
  }
  for (const [name, value] of Object.entries(env)) {
    // oxlint-disable-next-line no-control-regex
    if (/^[^=\0]+$/.test(name) && !value.includes('\0')) continue;
    faults.push(`php.env: ${JSON.stringify(name)} cannot be a variable`);
  }
  return faults;
}
