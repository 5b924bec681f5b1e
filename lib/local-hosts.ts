import { isIPv6 } from 'node:net';

const LOOPBACK = /^127\.\d+\.\d+\.\d+$|^::1$|^localhost$/;

/** Whether it is an address, or the name, by which a machine reaches itself alone. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/**
 * The names of a server that listens on a loopback address. A page whose own name was made to mean that address (DNS
 * rebinding) has another.
 * @param names More names of it.
 * @returns Undefined where it listens elsewhere, or where only Terraform knows.
 */
export function localHosts(address: string, ...names: string[]): string[] | undefined {
  if (!isLoopback(address)) return undefined;
  const own = isIPv6(address) ? `[${address}]` : address;
  return [...new Set(['localhost', '127.0.0.1', '[::1]', own, ...names])];
}
