import { counted } from '../base/text';
import { Token } from 'cdktf';
import { DEFAULT_HEADROOM, headroomText } from '../sizing/headroom';
import { roundDown } from '../base/rounding';
import { measuredOn } from '../profile/describe-profile';
import type { ModelProfile } from '../profile/model-profile';
import { cpusText, rateText } from '../sizing/sizing-text';
import type { Sizing } from '../sizing/sizing';

/** Load that a service must handle, checked against its model's profile. */
export interface Capacity {
  /** Requests of one row that the service must answer per second, with all its replicas. */
  readonly requestsPerSecond: number;
  /**
   * Spare capacity as a fraction of `requestsPerSecond`, for peaks and for the time until more replicas are ready.
   * @default 0.3
   */
  readonly headroom?: number;
  /**
   * Sizes of the requests, if the profile was measured at several sizes: `{ sequence: 128 }`, or `{ 'input:1': 128 }`
   * for a dimension without a name.
   * @default - the first sizes in the profile
   */
  readonly at?: Readonly<Record<string, number>>;
}

/** Whether the number of replicas can be computed from a capacity. */
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

/** Minimum number of replicas for a capacity. */
export function replicasFor({ requestsPerSecond, headroom = DEFAULT_HEADROOM }: Capacity, sizing: Sizing): number {
  const replicas = (requestsPerSecond * (1 + headroom)) / sizing.requestsPerSecond;
  // In floating point, 100 * 1.1 is 110.00000000000001. If a replica handles 110 requests per second, this would result
  // in two replicas.
  return Math.ceil(Number(replicas.toPrecision(12)));
}

/** Rate that this many replicas handle without using the headroom, in requests per second. */
export function handledRate({ headroom = DEFAULT_HEADROOM }: Capacity, replicas: number, sizing: Sizing): number {
  return roundDown((replicas * sizing.requestsPerSecond) / (1 + headroom));
}

/** Describes the capacity in the plan: `3 replicas of 1 CPU, 1,200 requests/s each, handle …`. */
export function capacityText(
  { requestsPerSecond, headroom }: Capacity,
  replicas: number,
  sizing: Sizing,
  profile: ModelProfile,
): string {
  const [each, handle] = replicas === 1 ? ['', 'handles'] : [' each', 'handle'];
  const fleet = `${counted(replicas, 'replica')} of ${cpusText(sizing.cpus)}, ${rateText(sizing.requestsPerSecond)}${each}`;
  return `${fleet}, ${handle} ${rateText(requestsPerSecond)} with ${headroomText(headroom)}, as measured on ${measuredOn(profile)}`;
}
