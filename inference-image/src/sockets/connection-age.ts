/**
 * Time at which a connection that opens now expires, in performance.now() milliseconds. The age varies randomly by up
 * to 10%, so that connections that opened together do not all reconnect together.
 */
export function expiryOf(maxAgeSeconds: number): number {
  return performance.now() + maxAgeSeconds * (0.9 + 0.2 * Math.random()) * 1000;
}
