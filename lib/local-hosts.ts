import { isIPv6 } from 'node:net';

const LOOPBACK = /^127\.\d+\.\d+\.\d+$|^::1$|^localhost$/;

/** Whether this is a loopback address or `localhost`. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/**
 * Host names that a server on a loopback address accepts. Refusing all other names protects the server from DNS
 * rebinding: a web page whose domain resolves to the loopback address sends requests with that domain as the host name.
 * @param names Additional names of the server.
 * @returns Undefined if the address is not a loopback address, or is a Terraform token.
 */
export function localHosts(address: string, ...names: string[]): string[] | undefined {
  if (!isLoopback(address)) return undefined;
  const own = isIPv6(address) ? `[${address}]` : address;
  return [...new Set(['localhost', '127.0.0.1', '[::1]', own, ...names])];
}
