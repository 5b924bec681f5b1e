const base = require('../../jest.config.js');

/**
 * Tests the page at / in a real Chromium: npm run test:page. CHROMIUM sets the path of the browser; the default is the
 * path on Debian.
 */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/page/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 60_000,
  maxWorkers: 1,
  verbose: true,
};
