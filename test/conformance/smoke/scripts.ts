// The smoke scripts of static-php-build/smoke and what each says it needs in its head:
//   // needs: tls mariadb      servers, given to it as SMOKE_<NAME>
//   // ini: opcache.jit=1      settings for -d, separated by blanks
//   // env: LC_ALL=C.UTF-8     variables beside the empty environment
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface SmokeScript {
  extension: string;
  file: string;
  needs: readonly string[];
  ini: readonly string[];
  env: Readonly<Record<string, string>>;
}

export const smokeDir = join(import.meta.dirname, '../../../static-php-build/smoke');

/** All scripts, by extension name. */
export function smokeScripts(): Map<string, SmokeScript> {
  const files = readdirSync(smokeDir).filter((name) => name.endsWith('.php'));
  return new Map(
    files.toSorted().map((name) => {
      const script = readScript(join(smokeDir, name));
      return [script.extension, script];
    }),
  );
}

function readScript(file: string): SmokeScript {
  const text = readFileSync(file, 'utf8');
  const words = (key: string): string[] =>
    [...text.matchAll(new RegExp(`^// ${key}: (.+)$`, 'gm'))].flatMap(([, value = '']) =>
      value.split(' '),
    );
  return {
    extension: basename(file, '.php'),
    file,
    needs: words('needs'),
    ini: words('ini'),
    env: Object.fromEntries(
      words('env').map((pair) => pair.split('=') as [string, string]),
    ),
  };
}

/** `php -m`'s name of an extension as the scripts and the extension table spell it. */
export function extensionName(name: string): string {
  const lower = name.toLowerCase();
  return lower === 'zend opcache' ? 'opcache' : lower;
}
