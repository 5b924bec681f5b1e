import { loadClients } from '../../lib/sizing/measured-runs';

test.each([
  ['64 for small batches', 8, 10_000, 64],
  ['two full batches if batches are large', 128, 10_000, 256],
  ['at most 1,024', 65_536, 1e6, 1024],
  ['at most as many as are answered within 5 s', 128, 10, 50],
  ['one for the slowest model', 1, 0.1, 1],
])('%s', (_, maxBatchSize, rowsPerSecond, clients) => {
  expect(loadClients(maxBatchSize, rowsPerSecond)).toBe(clients);
});
