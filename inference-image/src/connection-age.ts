/**
 * Time at which a connection that opens now expires, in performance.now() milliseconds. It varies by 10% either way, so
 * that
 * connections that opened together do not all reconnect together.
 */
export function expiryOf(maxAgeSeconds: number): number {
  return performance.now() + maxAgeSeconds * (0.9 + 0.2 * Math.random()) * 1000;
}
