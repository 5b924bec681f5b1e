import { isIPv6, SocketAddress } from 'node:net';

/** A port of an engine's host that leads to a container. */
export interface HostPort {
  /** The prop that says so. */
  readonly prop: string;
  readonly port: number;
  readonly address: string;
}

/** Whether only one of two containers can have its port. */
export function conflict(one: HostPort, other: HostPort): boolean {
  return one.port === other.port && overlap(canonicalAddress(one.address), canonicalAddress(other.address));
}

/** Docker listens on `::` for IPv6 alone, so each of these stands for the addresses of its own family. */
export const WILDCARDS = ['0.0.0.0', '::'];

function overlap(one: string, other: string): boolean {
  if (one === other) return true;
  return isIPv6(one) === isIPv6(other) && [one, other].some((address) => WILDCARDS.includes(address));
}

/** IPv6 has many spellings of an address, and some of IPv4 addresses. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
}
