const base = require('../../jest.config.js');

/** Builds and runs images on a real Docker engine: npm run test:image. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/container/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  maxWorkers: 1,
  verbose: true,
};
