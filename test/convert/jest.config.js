const base = require('../../jest.config.js');

/** Tests models of other frameworks with the scripts in examples/convert: npm run test:convert. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/convert/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 1,
  verbose: true,
};
