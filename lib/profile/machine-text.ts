import type { ModelProfile } from './model-profile';
import { counted, cpusText } from '../sizing/sizing-text';

/** Describes the machine of a profile: `AMD EPYC 9B14, 2 CPUs, 7,962 MiB, linux/x64, Node v24.21.0` */
export function machineText({ machine }: Pick<ModelProfile, 'machine'>): string {
  const { cpu, cpus, memoryMiB, platform, node } = machine;
  return `${cpu}, ${cpusText(cpus)}, ${memoryMiB.toLocaleString('en')} MiB, ${platform}, Node ${node}`;
}

/** Formats a number of threads: `1 thread`, `4 threads`. */
export function threadsText(threads: number): string {
  return counted(threads, 'thread');
}
