import { durationText, rateText } from '../../lib/report/units';

test.each([
  [0.0000253, '25.3 µs'],
  [0.0009994, '999 µs'],
  [0.0009996, '1 ms'],
  [0.02, '20 ms'],
  [0.9996, '1 s'],
  [1234, '1,230 s'],
])('%d s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test('rates', () => expect([5640.2, 0.254].map(rateText)).toEqual(['5,640', '0.254']));
