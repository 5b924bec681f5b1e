const base = require('../../jest.config.js');

/** What a server does when all goes wrong around it, in counts: npm run test:robustness. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/robustness/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 1,
  verbose: true,
};
