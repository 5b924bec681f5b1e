const base = require('../../jest.config.js');

/** Causes faults around a server and counts what its clients get: npm run test:robustness. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/robustness/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 1,
  verbose: true,
};
