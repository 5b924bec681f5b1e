import { shellWord, counted } from '../base/text';
import type { ModelProfile } from './model-profile';

/** Machine, date and sizes, for messages: `2 x AMD EPYC 9B14 on 2026-11-25 at sequence = 32`. */
export function measuredOn({ machine, measuredAt, dimensions }: ModelProfile): string {
  const sizes = sizesText(dimensions);
  return `${machine.cpus} x ${machine.cpu} on ${measuredAt.slice(0, 'YYYY-MM-DD'.length)}${sizes && ` at ${sizes}`}`;
}

/** Describes the machine of a profile: `AMD EPYC 9B14, 2 CPUs, 7,962 MiB, linux/x64, Node v24.21.0` */
export function machineText({ machine }: Pick<ModelProfile, 'machine'>): string {
  const { cpu, cpus, memoryMiB, platform, node } = machine;
  return `${cpu}, ${counted(cpus, 'CPU')}, ${memoryMiB.toLocaleString('en')} MiB, ${platform}, Node ${node}`;
}

/** Formats a number of threads: `1 thread`, `4 threads`. */
export function threadsText(threads: number): string {
  return counted(threads, 'thread');
}

/** Formats sizes: `sequence = 32, width = 7`. Empty if there are no dimensions. */
export function sizesText(dimensions: Readonly<Record<string, number>>): string {
  return Object.entries(dimensions)
    .map(([name, size]) => `${name} = ${size}`)
    .join(', ');
}

/** The command that measures a model; used in messages. */
export function profileCommand(modelPath: string): string {
  return `model-serving profile ${shellWord(modelPath)}`;
}

/** Maximum share of the CPU time that other processes may use while a model is measured. */
export const MAX_LOAD = 0.1;

/** Formats a share of the CPU time: `12 %`. */
export function loadText(share: number): string {
  return `${Math.round(100 * share)} %`;
}
