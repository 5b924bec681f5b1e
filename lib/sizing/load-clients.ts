const MIN_CLIENTS = 64;
export const MAX_CLIENTS = 1024;

/**
 * Number of full batches that the clients supply: one runs while the next fills. With fewer clients, batches would not
 * be full, and memory would stay below its peak.
 */
const BATCHES_IN_FLIGHT = 2;

/** Longest time that a client may wait for a response. The server's time limit is 30 s. */
const MAX_WAIT_SECONDS = 5;

/** Number of clients that produce the load for a measurement. */
export function loadClients(maxBatchSize: number, rowsPerSecond: number): number {
  const enough = Math.min(MAX_CLIENTS, Math.max(MIN_CLIENTS, BATCHES_IN_FLIGHT * maxBatchSize));
  return Math.min(enough, Math.max(1, Math.floor(MAX_WAIT_SECONDS * rowsPerSecond)));
}

/** Largest batch that this number of clients keeps full. */
export function fullBatchSize(clients: number): number {
  return Math.max(1, Math.floor(clients / BATCHES_IN_FLIGHT));
}
