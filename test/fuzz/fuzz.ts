import { Checker } from './checker';
import { describe } from './describe';
import { makeCase } from './generator';
import { growth } from './memory';
import { MODELS } from './models';
import { Target } from './target';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
}

const CONCURRENCY = 16;
/**
 * Number of cases that a client sends between its valid requests. One of the clients sends valid requests about every
 * 300 cases.
 */
const GOOD_EVERY = 20;
/**
 * Number of cases to send before memory is measured. Memory grows until all code is compiled and the heaps have reached
 * their final size, which takes about 100,000 cases.
 */
const warmUpFor = (requests: number) => Math.max(10_000, requests / 2);
const MEASUREMENTS = 40;
/** Number of failures after which fuzzing stops, because further failures would mostly repeat the same faults. */
const MAX_FAILURES = 10;

/** Sends cases to a server of each model. @returns Whether there were no failures. */
export async function fuzz({ requests, seed }: FuzzOptions): Promise<boolean> {
  const targets = await Promise.all(MODELS.map((model) => Target.start(model)));
  const failures: string[] = [];
  const counts = new Map<string, number>();
  const measureEvery = Math.ceil(requests / MEASUREMENTS);
  const warmUp = warmUpFor(requests);
  let next = -warmUp;

  const client = async () => {
    const checkers = targets.map((target) => new Checker(target));
    for (let sent = 1; next < requests && failures.length < MAX_FAILURES; sent++) {
      const index = next++;
      const each = makeCase(seed, index);
      try {
        for (const status of await checkers[each.model]!.check(each)) counts.set(status, (counts.get(status) ?? 0) + 1);
        if (sent % GOOD_EVERY === 0) await checkers[each.model]!.checkGood();
        if (index >= 0 && index % measureEvery === 0) await Promise.all(targets.map((target) => target.measure()));
      } catch (error) {
        failures.push(`--seed ${seed} --only ${index}: ${(error as Error).message}\n${describe(each)}`);
      }
    }
    for (const checker of checkers) checker.close();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  const seconds = (performance.now() - start) / 1000;

  for (const [i, target] of targets.entries()) {
    const held = target.alive ? await target.heldBytes() : 0;
    const left = held === 0 ? [] : [`requests still hold ${held} bytes of the budget`];
    const faults = [...growth(target.memory), ...left, ...(await target.stop())];
    failures.push(...faults.map((fault) => `the server of model ${i}: ${fault}`));
    console.log(`memory of the server of model ${i}: ${target.memory.map(Math.round).join(' ')} MiB`);
  }
  for (const [status, count] of [...counts].sort()) console.log(`${String(count).padStart(8)} ${status}`);
  for (const failure of failures) console.log(`FAILED ${failure}\n`);
  console.log(`${next + warmUp} requests in ${seconds.toFixed(1)} s, seed ${seed}: ${failures.length} failures`);
  return failures.length === 0;
}

/** Prints one case and sends it alone. */
export async function replay(seed: number, index: number): Promise<boolean> {
  const each = makeCase(seed, index);
  console.log(describe(each));
  const target = await Target.start(MODELS[each.model]!);
  const checker = new Checker(target);
  const failures: string[] = [];
  try {
    console.log(await checker.check(each));
    await checker.checkGood();
  } catch (error) {
    failures.push((error as Error).message);
  }
  checker.close();
  failures.push(...(await target.stop()));
  for (const failure of failures) console.log(`FAILED ${failure}`);
  return failures.length === 0;
}
