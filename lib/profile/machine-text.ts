import type { ModelProfile } from './model-profile';

/** `AMD EPYC 9B14, 2 CPUs, 7,962 MiB, linux/x64, Node v24.21.0` */
export function machineText({ machine }: Pick<ModelProfile, 'machine'>): string {
  const { cpu, cpus, memoryMiB, platform, node } = machine;
  const count = `${cpus.toLocaleString('en')} ${cpus === 1 ? 'CPU' : 'CPUs'}`;
  return `${cpu}, ${count}, ${memoryMiB.toLocaleString('en')} MiB, ${platform}, Node ${node}`;
}

/** `1 thread`, `4 threads` */
export function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}
