const { availableParallelism } = require('node:os');

/*
 * TEST_CORE=cdktn runs all tests on CDK Terrain, as in a project that installs it under cdktf's name: the provider
 * packages also import cdktf, and must get the same core.
 */
const core = process.env.TEST_CORE ?? 'cdktf';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/system/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.*cdktf\\.out'],
  globalSetup: '<rootDir>/test/support/build.js',
  moduleNameMapper: {
    '^cdktf-model-serving$': '<rootDir>/lib/index.ts',
    '^cdktf-model-serving/(.*)$': '<rootDir>/lib/$1/index.ts',
    '^cdktf(/.*)?$': `${core}$1`,
    // Every token records a stack trace. Jest would map each of its lines to the source, which takes a third of a
    // synth's time.
    '/stack-trace$': '<rootDir>/test/support/no-stack-trace.js',
  },
  // Many tests wait for a server or for time to pass. The number is computed here, because Jest accepts no percentage
  // above 100.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Tests share their cores with each other, and on some machines with other work.
  testTimeout: 60_000,
  transform: { '\\.ts$': ['ts-jest', { diagnostics: false }] },
};
