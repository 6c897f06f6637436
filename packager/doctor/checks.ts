import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Check, checkMachine, thisMachine } from '../../static-php-build/doctor.ts';
import { home } from '../base/home.ts';
import { locateNode } from '../base/node.ts';
import { defaultTarget, findTarget } from '../targets.ts';

const run = promisify(execFile);

/** What building PHP needs, and what products need of Node and of the kernel. */
export async function examineMachine(): Promise<Check[]> {
  return [...checkMachine(thisMachine()), await checkNode(), checkMemfd()];
}

async function checkNode(): Promise<Check> {
  const name = 'Node from npm';
  const { node } = findTarget(defaultTarget);
  try {
    const { stdout } = await run(await locateNode(node), ['--version']);
    return { name, isOk: true, seen: stdout.trim(), command: '', advice: '' };
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    return { name, isOk: false, seen, command: `npm ci --prefix ${home}`, advice: '' };
  }
}

/** Products use it where the data directory is mounted noexec; builds do not. */
function checkMemfd(): Check {
  const file = '/proc/sys/vm/memfd_noexec';
  const level = existsSync(file) ? readFileSync(file, 'utf8').trim() : '0';
  const isForbidden = level === '2';
  return {
    name: 'programs from memory',
    isOk: true,
    seen: isForbidden
      ? 'forbidden by vm.memfd_noexec=2: products cannot start from noexec disks here'
      : 'allowed',
    command: isForbidden ? 'sysctl vm.memfd_noexec=0' : '',
    advice: '',
  };
}
