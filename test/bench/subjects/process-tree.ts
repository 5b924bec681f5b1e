import { readdirSync, readFileSync } from 'node:fs';

/** Returns a process and all its descendants. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function parentOf(pid: string): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The format is "pid (name) state ppid …", where the name may contain any characters.
  return stat ? Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) : undefined;
}

/**
 * Resident memory of a process and its descendants, in bytes: the private memory of all of them, plus the shared memory
 * of the process that has most of it.
 */
export function residentBytes(root: number): number {
  const parts = processTree(root).map((pid) => {
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    const of = (kind: string) =>
      [...rollup.matchAll(new RegExp(`^${kind}_(?:Clean|Dirty): +(\\d+) kB`, 'gm'))]
        .map(([, kilobytes]) => Number(kilobytes) * 1024)
        .reduce((a, b) => a + b, 0);
    return { own: of('Private'), shared: of('Shared') };
  });
  return parts.reduce((sum, { own }) => sum + own, 0) + Math.max(...parts.map(({ shared }) => shared));
}

export function signalTree(root: number, signal: NodeJS.Signals): void {
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, signal);
    } catch {
      // The process has exited in the meantime.
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
