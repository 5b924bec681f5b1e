import { Token } from 'cdktf';
import { DEFAULT_HEADROOM, headroomText } from '../profile/headroom';
import { measuredOn } from '../profile/measured-on';
import type { ModelProfile } from '../profile/model-profile';
import { roundDown } from '../profile/rounding';
import { counted, cpusText, rateText } from '../profile/sizing-text';
import type { Sizing } from '../profile/sizing';

/** What a service must hold, as its model's profile has it. */
export interface Capacity {
  /** Requests of one row that all replicas together must answer in a second. */
  readonly requestsPerSecond: number;
  /**
   * By what share more they could answer: for peaks, and for the time until more replicas are ready.
   * @default 0.3
   */
  readonly headroom?: number;
  /**
   * Sizes of the requests, where the profile was measured at several: `{ sequence: 128 }`, or `{ 'input:1': 128 }` for a
   * dimension without a name.
   * @default - those that were measured first
   */
  readonly at?: Readonly<Record<string, number>>;
}

/** Whether a number of replicas can be computed from it. */
export function isCapacity({ requestsPerSecond, headroom }: Capacity): boolean {
  if ([requestsPerSecond, headroom].some(Token.isUnresolved)) return false;
  return isRate(requestsPerSecond) && (headroom === undefined || isHeadroom(headroom));
}

export function isRate(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}

export function isHeadroom(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** The fewest replicas that hold it. */
export function replicasFor({ requestsPerSecond, headroom = DEFAULT_HEADROOM }: Capacity, sizing: Sizing): number {
  const replicas = (requestsPerSecond * (1 + headroom)) / sizing.requestsPerSecond;
  // 100 * 1.1 is 110.00000000000001, and would need two replicas of 110.
  return Math.ceil(Number(replicas.toPrecision(12)));
}

/** What so many replicas hold with the headroom left, in requests a second. */
export function heldRate({ headroom = DEFAULT_HEADROOM }: Capacity, replicas: number, sizing: Sizing): number {
  return roundDown((replicas * sizing.requestsPerSecond) / (1 + headroom));
}

/** For those who read the plan: `3 replicas of 1 CPU, 1,200 requests/s each, hold …`. */
export function capacityText(
  { requestsPerSecond, headroom }: Capacity,
  replicas: number,
  sizing: Sizing,
  profile: ModelProfile,
): string {
  const [each, hold] = replicas === 1 ? ['', 'holds'] : [' each', 'hold'];
  const fleet = `${counted(replicas, 'replica')} of ${cpusText(sizing.cpus)}, ${rateText(sizing.requestsPerSecond)}${each}`;
  return `${fleet}, ${hold} ${rateText(requestsPerSecond)} with ${headroomText(headroom)}, as measured on ${measuredOn(profile)}`;
}
