const base = require('../../jest.config.js');

/** Models of other frameworks, by the scripts of examples/convert: npm run test:convert. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/convert/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 1,
  verbose: true,
};
