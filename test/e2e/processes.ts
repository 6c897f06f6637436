import * as fs from 'node:fs/promises';

/** Direct children of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await fs.readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** A process and all below it. */
export async function familyOf(pid: number): Promise<number[]> {
  const below = await Promise.all((await childrenOf(pid)).map(familyOf));
  return [pid, ...below.flat()];
}

/** A dead process that nobody has waited for yet is dead. */
export async function isAlive(pid: number): Promise<boolean> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: Z');
  return !/^State:\s+Z/m.test(status);
}

/** The most memory each process of a family has had of its own (not shared), in bytes. */
export async function peakMemory(pid: number): Promise<number[]> {
  const family = await familyOf(pid);
  return Promise.all(
    family.map(async (one) => {
      const status = await fs.readFile(`/proc/${one}/status`, 'utf8');
      const field = (name: string) =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
      return (field('VmHWM') - field('RssShmem')) * 1024;
    }),
  );
}
