import { isIPv6 } from 'node:net';
import { canonicalAddress } from '../base/local-hosts';

/** A port of the engine's host that is published for a container. */
export interface HostPort {
  /** Prop that sets the port. */
  readonly prop: string;
  readonly port: number;
  readonly address: string;
}

/** Whether two ports conflict, so that they cannot both be published. */
export function conflict(one: HostPort, other: HostPort): boolean {
  return one.port === other.port && overlap(canonicalAddress(one.address), canonicalAddress(other.address));
}

/** Addresses that stand for all addresses of their family. Docker uses `::` for IPv6 only. */
export const WILDCARDS = ['0.0.0.0', '::'];

function overlap(one: string, other: string): boolean {
  if (one === other) return true;
  return isIPv6(one) === isIPv6(other) && [one, other].some((address) => WILDCARDS.includes(address));
}
