const { availableParallelism } = require('node:os');

/*
 * TEST_CORE=cdktn runs everything on CDK Terrain, as in a project that has it under cdktf's name: the provider packages
 * ask for cdktf as well, and must get the same core.
 */
const core = process.env.TEST_CORE ?? 'cdktf';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/test/(container|interop|e2e|robustness|page|convert|system)/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.*cdktf\\.out'],
  globalSetup: '<rootDir>/test/support/build.js',
  moduleNameMapper: {
    '^cdktf-model-serving$': '<rootDir>/lib/index.ts',
    '^cdktf-model-serving/(.*)$': '<rootDir>/lib/$1/index.ts',
    '^cdktf(/.*)?$': `${core}$1`,
    // Each token asks for one, and Jest maps every line of it to its source: a third of the time of a synth.
    '/stack-trace$': '<rootDir>/test/support/no-stack-trace.js',
  },
  // Many tests wait for a server or for time to pass. Jest takes no percentage above 100.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Tests share their cores, here with each other and elsewhere with other machines.
  testTimeout: 60_000,
  transform: { '\\.ts$': ['ts-jest', { diagnostics: false }] },
};
