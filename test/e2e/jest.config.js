const base = require('../../jest.config.js');

/** Applies plans with real Terraform or OpenTofu: npm run test:e2e. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 600_000,
  maxWorkers: 1,
  verbose: true,
};
