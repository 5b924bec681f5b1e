import type { Case } from './cases';
import { makeCase } from './generator';
import { HttpChecker } from './http-check';
import { growth } from './memory';
import { MODELS } from './models';
import { Target } from './target';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Sends this one case alone, and shows it. */
  readonly only?: number;
}

const CONCURRENCY = 16;
/** A client sends requests that are right after so many that are wrong. */
const GOOD_EVERY = 20;
const MEASUREMENTS = 40;
const MAX_FAILURES = 10;

/** @returns Whether nothing was wrong. */
export async function fuzz({ requests, seed, only }: FuzzOptions): Promise<boolean> {
  const targets = await Promise.all(MODELS.map((model) => Target.start(model)));
  const failures: string[] = [];
  const statuses = new Map<string, number>();
  const start = performance.now();
  let next = only ?? 0;
  const end = only === undefined ? requests : next + 1;
  const measureEvery = Math.ceil(requests / MEASUREMENTS);

  const client = async () => {
    const checkers = targets.map((target) => new HttpChecker(target));
    for (let sent = 1; next < end && failures.length < MAX_FAILURES; sent++) {
      const index = next++;
      const each = makeCase(seed, index);
      const target = targets[each.model]!;
      try {
        if (only !== undefined) console.log(describe(each));
        const results = await check(each, checkers);
        for (const result of results) {
          const key = `${each.kind} ${result}`;
          statuses.set(key, (statuses.get(key) ?? 0) + 1);
        }
        if (sent % GOOD_EVERY === 0) await checkers[each.model]!.checkGood();
        if (index % measureEvery === 0) await Promise.all(targets.map((each) => each.measure()));
        if (!target.alive) throw new Error('the server has ended');
        if (target.complaints.length > 0) throw new Error(`it said ${target.complaints.splice(0)}`);
      } catch (error) {
        failures.push(`--seed ${seed} --only ${index}: ${(error as Error).message}\n${describe(each)}`);
      }
    }
    for (const checker of checkers) checker.close();
  };
  await Promise.all(Array.from({ length: only === undefined ? CONCURRENCY : 1 }, client));
  const seconds = (performance.now() - start) / 1000;

  for (const [i, target] of targets.entries()) {
    if (only === undefined) failures.push(...growth(target.memory).map((text) => `model ${i}: ${text}`));
    const code = target.alive ? await target.stop() : NaN;
    if (code !== 0) failures.push(`model ${i}: the server exits with ${code}`);
    if (target.complaints.length > 0) failures.push(`model ${i}: the server said ${target.complaints}`);
  }
  for (const failure of failures) console.log(`FAILED ${failure}\n`);
  for (const [status, count] of [...statuses].sort()) console.log(`${String(count).padStart(8)} ${status}`);
  console.log(`${next - (only ?? 0)} requests in ${seconds.toFixed(1)} s, seed ${seed}: ${failures.length} failures`);
  return failures.length === 0;
}

function check(each: Case, checkers: readonly HttpChecker[]): Promise<string[]> {
  if (each.kind !== 'http') throw new Error('todo');
  return checkers[each.model]!.check(each);
}

/** A case so that it can be read. */
function describe(each: Case): string {
  const [bytes, rest] =
    'bytes' in each ? [each.bytes, { ...each, bytes: undefined }] : [each.body, { ...each, body: undefined }];
  const text = bytes.toString('latin1');
  return `${JSON.stringify(rest)}\n${JSON.stringify(text.slice(0, 2000))}${text.length > 2000 ? `… (${text.length} bytes)` : ''}`;
}
