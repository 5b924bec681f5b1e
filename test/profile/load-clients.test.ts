import { loadClients } from '../../lib/profile/load-clients';

test.each([
  ['64 for small batches', 8, 10_000, 64],
  ['two full batches of large ones', 128, 10_000, 256],
  ['no more than a thousand or so', 65_536, 1e6, 1024],
  ['no more than are answered within 5 s', 128, 10, 50],
  ['one for the slowest', 1, 0.1, 1],
])('%s', (_, maxBatchSize, rowsPerSecond, clients) => {
  expect(loadClients(maxBatchSize, rowsPerSecond)).toBe(clients);
});
