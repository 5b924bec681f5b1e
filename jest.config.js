/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/test/(image|interop|e2e)/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.*cdktf\\.out'],
  globalSetup: '<rootDir>/test/support/build-server.js',
  transform: { '\\.ts$': ['ts-jest', { diagnostics: false }] },
};
