const LEAST_CLIENTS = 64;
export const MOST_CLIENTS = 1024;

/** One is run while the next fills: with fewer clients than both have rows, none is full, and memory is not at its peak. */
const BATCHES_AT_ONCE = 2;

/** A client may wait so long; the server gives up at 30. */
const LONGEST_WAIT_SECONDS = 5;

/** How many clients put a server under the load that it is to be measured with. */
export function loadClients(maxBatchSize: number, rowsPerSecond: number): number {
  const enough = Math.min(MOST_CLIENTS, Math.max(LEAST_CLIENTS, BATCHES_AT_ONCE * maxBatchSize));
  return Math.min(enough, Math.max(1, Math.floor(LONGEST_WAIT_SECONDS * rowsPerSecond)));
}

/** The largest batch that so many clients keep full. */
export function fullBatchSize(clients: number): number {
  return Math.max(1, Math.floor(clients / BATCHES_AT_ONCE));
}
