/**
 * When a connection that begins now is old, as performance.now() counts milliseconds: a tenth earlier or later, since
 * connections that began together must not all come back together.
 */
export function expiryOf(maxAgeSeconds: number): number {
  return performance.now() + maxAgeSeconds * (0.9 + 0.2 * Math.random()) * 1000;
}
