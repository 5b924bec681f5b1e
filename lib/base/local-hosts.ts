import { isIPv6, SocketAddress } from 'node:net';

const LOOPBACK = /^127\.\d+\.\d+\.\d+$|^::1$|^localhost$/i;

/** Whether this is a loopback address or `localhost`. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(canonicalAddress(address));
}

/** Normalizes the spelling of an IPv6 address, and converts IPv4-mapped addresses to IPv4. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
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
  // Browsers normalize an address in a URL.
  const { hostname } = new URL(`http://${own}`);
  return [...new Set(['localhost', '127.0.0.1', '[::1]', own, hostname, ...names])];
}
