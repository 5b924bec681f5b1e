import { cpus } from 'node:os';
import type { Machine } from './model-profile';
import { median, rounded } from '../base/quantile';

const ELEMENTS = 4096;
const PASSES = 2000;
const REPETITIONS = 7;

/** Name of this machine's CPU, such as `AMD EPYC 9B14`; its architecture if the system reports no name. */
export function cpuName(): string {
  return cpus()[0]?.model.trim() || process.arch;
}

/** Measures `Machine.cpuSpeed` in about 0.1 s. Takes the median, so that a disturbed run has no effect. */
export function measureCpuSpeed(): number {
  return rounded(median(Array.from({ length: REPETITIONS }, multiplyAdditionsPerSecond)));
}

/**
 * Text that compares this machine's CPU with the one that a profile was measured on: `this machine's Intel Xeon is 1.4
 * times as fast in a single-threaded test`. Undefined for the same CPU, and for profiles of earlier releases.
 *
 * @param speed - measures this machine's CPU
 */
export function otherCpuText(
  { cpu, cpuSpeed }: Machine,
  here = cpuName(),
  speed = measureCpuSpeed,
): string | undefined {
  if (here === cpu || cpuSpeed === undefined) return undefined;
  return `this machine's ${here} is ${(speed() / cpuSpeed).toPrecision(2)} times as fast in a single-threaded test`;
}

/** Multiply-additions per second of CPU time. The 32-bit floats fit in the first-level cache. */
function multiplyAdditionsPerSecond(): number {
  const values = new Float32Array(ELEMENTS).fill(0.5);
  const began = process.cpuUsage();
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0; i < ELEMENTS; i++) values[i] = values[i]! * 0.75 + 0.125;
  }
  const { user, system } = process.cpuUsage(began);
  return (ELEMENTS * PASSES * 1e6) / (user + system);
}
