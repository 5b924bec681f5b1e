const base = require('../../jest.config.js');

/** The page at / in a real Chromium: npm run test:page. CHROMIUM names its program, where that is not Debian's. */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/page/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 60_000,
  maxWorkers: 1,
  verbose: true,
};
