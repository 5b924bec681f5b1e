import timersPromises from 'node:timers/promises';
import workerThreads from 'node:worker_threads';
import type { Happening, SleepOptions } from './event-loop';
import { Thread } from './thread';
import type { World } from './world';

type Callback = (...args: unknown[]) => void;

/**
 * Replaces the clock, timers, random numbers, threads and exit of this process with those of a simulated world.
 *
 * @param world Returns the running world
 * @returns Function that restores the originals
 */
export function installGlobals(world: () => World): () => void {
  const real = { performance, setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
  const { setTimeout: sleep, setImmediate: turn } = timersPromises;
  const { Worker } = workerThreads;
  const { random } = Math;
  const { exit } = process;
  const loop = () => world().loop;
  const clear = (timer?: Happening) => void (timer && (timer.isCancelled = true));
  replace({
    performance: { now: () => loop().now },
    setTimeout: (run: Callback, ms?: number, ...args: unknown[]) => loop().setTimeout(() => run(...args), ms),
    setInterval: (run: () => void, ms: number) => loop().setInterval(run, ms),
    setImmediate: (run: Callback, ...args: unknown[]) => loop().setImmediate(() => run(...args)),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  Object.assign(timersPromises, {
    setTimeout: (ms: number, value: unknown, options?: SleepOptions) => loop().sleep(ms, value, options),
    setImmediate: () => new Promise<void>((resolve) => loop().setImmediate(resolve)),
  });
  const NewThread = function () {
    return new Thread(world());
  };
  Object.assign(workerThreads, { Worker: NewThread });
  Math.random = () => world().choices.next();
  process.exit = ((code: number) => world().exit(code)) as typeof process.exit;
  return () => {
    replace(real);
    Object.assign(timersPromises, { setTimeout: sleep, setImmediate: turn });
    Object.assign(workerThreads, { Worker });
    Math.random = random;
    process.exit = exit;
  };
}

function replace(globals: object): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
