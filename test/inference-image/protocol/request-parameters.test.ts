import { timeoutSeconds } from '../../../inference-image/src/protocol/request-parameters';

test.each([
  [{}, undefined],
  [{ timeout: 0 }, undefined],
  [{ timeout: 1500 }, 0.0015],
  [{ timeout: 9_007_199_254_740_993n }, 9_007_199_254.740_992],
  [{ priority: 3 }, undefined],
  [{ priority: 0, timeout: 1 }, 0.000001],
])('%p', (parameters, seconds) => {
  expect(timeoutSeconds(parameters)).toBe(seconds);
});

const microseconds = 'it must be a non-negative whole number of microseconds';
test.each([
  [{ timeout: -1 }, `parameters.timeout is -1; ${microseconds}`],
  [{ timeout: -9_007_199_254_740_993n }, `parameters.timeout is -9007199254740993; ${microseconds}`],
  [{ timeout: 1.5 }, `parameters.timeout is 1.5; ${microseconds}`],
  [{ timeout: '100' }, `parameters.timeout is "100"; ${microseconds}`],
  [{ timeout: true }, `parameters.timeout is true; ${microseconds}`],
  [{ priority: 'high' }, 'parameters.priority is "high"; it must be a non-negative whole number'],
])('%p', (parameters, message) => {
  expect(() => timeoutSeconds(parameters)).toThrow(expect.objectContaining({ kind: 'invalid', message }));
});
