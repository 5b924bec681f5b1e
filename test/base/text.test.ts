import { durationText, threeDigits } from '../../lib/base/text';

test.each([
  [0.0000253, '25.3 µs'],
  [0.0009994, '999 µs'],
  [0.0009996, '1 ms'],
  [0.02, '20 ms'],
  [0.9996, '1 s'],
  [1234, '1,230 s'],
])('%d s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test('three digits', () => expect([5640.2, 0.254].map(threeDigits)).toEqual(['5,640', '0.254']));
