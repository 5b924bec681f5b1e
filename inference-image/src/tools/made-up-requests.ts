import { messageOf } from '../base/errors';
import type { RowAxes } from '../contract/batching-verdict';
import { type GivenSizes, withSizes } from '../contract/given-sizes';
import type { UnusableAnswers } from '../contract/golden';
import { halfValue } from '../contract/half';
import type { InputValuesByName } from '../contract/input-values';
import type { Signature } from '../contract/signature';
import { compareRow } from '../inference/row-comparison';
import { isSame, sameBits } from '../inference/rows';
import type { Session } from '../inference/session';
import type { TrialValues } from '../inference/trial-values';
import type { Tensor } from '../tensor/tensor';
import { FreeDimensions } from './free-dimensions';
import { trialSizes } from './trial-sizes';

/** Maximum number of attempts to find sizes and values with a useful answer. */
const MAX_ATTEMPTS = 240;
const MAX_SECONDS = 60;

/** Maximum number of further attempts after finding requests whose answers depend on only some of the inputs. */
const MORE_ATTEMPTS = 60;
const MORE_SECONDS = 30;

/** Maximum number of attempts to generate requests whose answers are not all the same. */
const MAX_DRAWS = 32;

const NOTHING_TRIED: UnusableAnswers = { kind: 'refused', reason: 'no sizes were tried' };

/** Maximum number of elements of all inputs of one run, if not all sizes are fixed. */
const MAX_ELEMENTS = 2 ** 22;

type Values = Omit<TrialValues, 'at' | 'takes'>;

/** Ranges of values; the first that the model accepts is used. */
const VALUES: readonly Values[] = [
  { range: 'digits' },
  { range: 'digits', mask: 0 },
  { range: 'bits' },
  { range: 'unit' },
  { range: 'digits', large: true },
];

export interface MadeUpRequestsOptions {
  readonly signature: Signature;
  /** Row axes, if independence is proved. */
  readonly axes?: RowAxes;
  /** Values that the graph accepts at each input. */
  readonly takes: InputValuesByName;
  /** Sizes that the user has set; other sizes are searched for. */
  readonly sizes: GivenSizes;
  readonly seed: number;
}

/** Accepted requests, or the reason why no request has a useful answer. */
export type MadeUp = { readonly requests: readonly Tensor[][] } | { readonly fault: UnusableAnswers };

interface Found {
  readonly sizes: readonly number[];
  readonly values: Values;
  /** Two requests with different answers. */
  readonly pair: readonly Tensor[][];
}

/** Generates requests that a model accepts and whose inputs influence the answers. */
export class MadeUpRequests {
  private readonly free: FreeDimensions;
  private readonly outputs: readonly string[];
  private readonly random: () => number;
  /** Entries of `VALUES` that make a difference for these inputs. */
  private readonly ranges: readonly Values[];
  /**
   * Whether an input is a single value that the graph compares with others; the requests should then run both branches
   * of the condition.
   */
  private readonly hasChoice: boolean;

  constructor(
    private readonly session: Session,
    { signature, axes, takes, sizes, seed }: MadeUpRequestsOptions,
  ) {
    this.free = new FreeDimensions(withSizes(signature, sizes), axes, takes);
    this.outputs = signature.outputs.map(({ name }) => name);
    this.random = seededRandom(seed);
    this.hasChoice = signature.inputs.some(({ name, dimensions }) => {
      return takes[name]?.among !== undefined && dimensions.every((size) => size === 1);
    });
    const hasMask = Object.values(takes).some(({ isMask }) => isMask);
    const hasFloats = signature.inputs.some(({ datatype }) => datatype.startsWith('FP'));
    const hasOthers = signature.inputs.some(({ name, datatype }) => !datatype.startsWith('FP') && !takes[name]);
    this.ranges = VALUES.filter(({ range, mask, large }) => {
      if (mask === 0) return hasMask;
      return range === 'bits' ? hasOthers : (range === 'digits' && !large) || hasFloats;
    });
  }

  /**
   * Generates `count` requests. If the number of rows is free, the first request has one row, and each further request
   * has one more row.
   */
  make(count: number): MadeUp {
    const found = this.hasChoice ? [this.find(0), this.find(1)] : [this.find(0)];
    const usable = found.flatMap((each, turn) => ('fault' in each ? [] : { ...each, turn }));
    if (usable.length === 0) return found[0] as { fault: UnusableAnswers };
    const draw = (index: number) => {
      const { sizes, values, turn } = usable[index % usable.length]!;
      const rows = sizes.map((size, i) => (this.free.areRows[i] ? index + 1 : size));
      const inputs = this.inputs(rows, values, turn);
      return this.isAnswered(inputs) ? inputs : this.inputs(sizes, values, turn);
    };
    let requests: Tensor[][] = [];
    for (let draws = 0; draws < MAX_DRAWS; draws++) {
      requests = Array.from({ length: count }, (_, index) => draw(index));
      if (count === 1 || !this.areAnsweredAlike(requests)) return { requests };
    }
    return { requests: [...usable[0]!.pair, ...requests.slice(2)] };
  }

  /** Finds sizes and values for which the answers depend on every input, or on as many inputs as possible. */
  private find(turn: number): Found | { fault: UnusableAnswers } {
    let fault: UnusableAnswers | undefined;
    let best: (Found & { idle: number }) | undefined;
    let left = MAX_ATTEMPTS;
    let end = performance.now() + 1000 * MAX_SECONDS;
    // If all sizes are fixed, there are few candidates, and often all of their answers have the same label. The
    // candidates are then tried again with other values.
    for (let draws = 0; draws < MAX_DRAWS && !best && (!fault || fault.kind === 'constant'); draws++) {
      for (const { sizes, values } of this.candidates()) {
        if (left-- === 0 || performance.now() > end) return best ?? { fault: fault ?? NOTHING_TRIED };
        const found = this.try(sizes, values, turn);
        if ('fault' in found) {
          // A fault in the answers is more informative than a refusal.
          if (!fault || (fault.kind === 'refused' && found.fault.kind !== 'refused')) fault = found.fault;
          continue;
        }
        if (found.idle === 0) return { sizes, values, pair: found.pair };
        if (!best) {
          left = Math.min(left, MORE_ATTEMPTS);
          end = Math.min(end, performance.now() + 1000 * MORE_SECONDS);
        }
        if (!best || found.idle < best.idle) best = { sizes, values, ...found };
      }
    }
    return best ?? { fault: fault ?? NOTHING_TRIED };
  }

  /** Sizes and ranges of values, in the order in which they are tried. */
  private *candidates(): Iterable<Pick<Found, 'sizes' | 'values'>> {
    for (const { first: sizes } of trialSizes(this.free.areRows)) {
      if (this.free.count > 0 && this.free.elements(sizes) > MAX_ELEMENTS) continue;
      for (const values of this.ranges) yield { sizes, values };
    }
  }

  /** Runs two requests, whose answers must differ, and counts the inputs that have no influence on the answers. */
  private try(
    sizes: readonly number[],
    values: Values,
    turn: number,
  ): (Pick<Found, 'pair'> & { idle: number }) | { fault: UnusableAnswers } {
    try {
      const [one, other] = [this.inputs(sizes, values, turn), this.inputs(sizes, values, turn)];
      const answers = this.run(one);
      const unknown = answers.find(isAllNaN);
      if (unknown) return { fault: { kind: 'nan', output: unknown.name, elements: unknown.data.length } };
      if (isAlike(answers, this.run(other))) return { fault: { kind: 'constant', count: 2 } };
      const idle = other.filter((input, i) => {
        return !isSame(input, one[i]!) && isAlike(answers, this.run(one.with(i, input)));
      });
      return { pair: [one, other], idle: idle.length };
    } catch (error) {
      return { fault: { kind: 'refused', reason: messageOf(error) } };
    }
  }

  /**
   * Generates inputs. If `hasChoice` is set, the first element of each input comes from one half of the available
   * values in turn 0, and from the other half in turn 1.
   */
  private inputs(sizes: readonly number[], values: Values, turn: number): Tensor[] {
    const at = (element: number) => {
      const value = this.random();
      return element === 0 && this.hasChoice ? (turn === 0 ? -value : value) : 2 * value - 1;
    };
    return this.free.inputs(sizes, { ...values, at });
  }

  private isAnswered(inputs: readonly Tensor[]): boolean {
    try {
      return !this.run(inputs).some(isAllNaN);
    } catch {
      return false;
    }
  }

  /**
   * Whether the requests have the same answers, as far as their numbers of rows allow a comparison; false if a request
   * is refused, which is reported later.
   */
  private areAnsweredAlike(requests: readonly (readonly Tensor[])[]): boolean {
    try {
      const [first, ...others] = requests.map((inputs) => this.run(inputs));
      return others.every((answers) => beginAlike(first!, answers));
    } catch {
      return false;
    }
  }

  private run(inputs: readonly Tensor[]): readonly Tensor[] {
    return this.session.run({ inputs, outputs: this.outputs }).outputs;
  }
}

/** Whether answers differ at most by rounding, so that they would not reveal a changed weight. */
function isAlike(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every((tensor, i) => compareRow(tensor, b[i]!, 'rounding').excess === undefined);
}

/** Returns a generator of random numbers from 0 to 1 that depend only on the seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether an output contains only NaN, so that comparing it tests nothing. */
export function isAllNaN({ datatype, data }: Tensor): boolean {
  if (data.length === 0 || !datatype.startsWith('FP')) return false;
  const numbers = data as Float32Array;
  return numbers.every(datatype === 'FP16' ? (bits) => Number.isNaN(halfValue(bits)) : Number.isNaN);
}

/** Whether two lists of tensors have the same elements, bit for bit. Their shapes may differ. */
export function areSame(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every(({ data }, i) => sameBits(data, b[i]!.data));
}

/**
 * Whether two answers to different numbers of rows begin with the same elements; compares only as many elements as the
 * shorter answer has.
 */
export function beginAlike(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every(({ data }, i) => {
    const other = b[i]!.data;
    const length = Math.min(data.length, other.length);
    if (length === 0) return data.length === other.length;
    return sameBits(data.slice(0, length) as Tensor['data'], other.slice(0, length) as Tensor['data']);
  });
}
