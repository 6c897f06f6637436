import { commands, type Flag, flags } from '../config/flags.ts';
import type { Command } from './context.ts';

export const help: Command = async ({ product, write }) => {
  const name =
    product.kind === 'packaged' ? product.payload.manifest.app.name : product.name;
  write(helpText(name));
  return 0;
};

export function helpText(name: string): string {
  const commandLines = Object.entries(commands).map(
    ([command, what]) => `  ${command.padEnd(10)} ${what}\n`,
  );
  const flagLines = flags.map(
    (flag) => `  ${spellingOf(flag).padEnd(28)} ${flag.help}\n`,
  );
  return [
    `${name} [FLAG…] [COMMAND] [FLAG…]\n\ncommands\n`,
    ...commandLines,
    '\nflags\n',
    ...flagLines,
    `\nWhen the file is started by the name \`php\`, it is PHP's command line.\n`,
  ].join('');
}

/** `-d, --define NAME=VALUE`. */
export function spellingOf({ name, short, value }: Flag): string {
  const placeholder = value.kind === 'none' ? '' : ` ${value.placeholder}`;
  return `${short ? `-${short}, ` : ''}--${name}${placeholder}`;
}
