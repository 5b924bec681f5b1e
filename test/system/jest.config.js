const base = require('../../jest.config.js');
const suites = require('./suites.js');

/** Runs the suite in SUITE. */
const name = process.env.SUITE;
const { timeoutSeconds, isParallel } = suites[name] ?? {};
if (!timeoutSeconds) throw new Error(`SUITE must be a suite of Jest in test/system/suites.js, not ${name}`);

module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: [`<rootDir>/test/system/${name}/**/*.test.ts`],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: timeoutSeconds * 1000,
  maxWorkers: isParallel ? base.maxWorkers : 1,
  verbose: true,
};
