const base = require('../../jest.config.js');

/** Causes faults in and around a server, and counts the answers that its clients get: npm run test:robustness. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/robustness/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 1,
  verbose: true,
};
