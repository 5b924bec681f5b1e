import type { Datatype } from '../../inference-image/src/contract/signature';
import type { ServerProcess } from './server';

/** Input of rank 1 in JSON. */
export function tensor<T extends Datatype>(name: string, datatype: T, data: unknown[]) {
  return { name, datatype, shape: [data.length], data };
}

/** Request to `identity('float', ['n'])`. */
export function floats(...data: number[]) {
  return { inputs: [tensor('x', 'FP32', data)] };
}

/** Request to `slowModel()`. */
export function rounds(n: number) {
  return { inputs: [tensor('n', 'INT64', [n])] };
}

/** Number of rounds for which a run of `slowModel()` takes at least the given time on this machine. */
export async function roundsFor(server: ServerProcess, seconds: number): Promise<number> {
  const tried = 250;
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await server.infer(rounds(tried));
    times.push((performance.now() - start) / 1000);
  }
  return Math.round((seconds * tried) / Math.min(...times));
}
