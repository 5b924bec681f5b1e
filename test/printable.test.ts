import { ModelServingError } from '../lib/errors';
import { printable } from '../lib/printable';

test.each([
  ['plain text, \u753b\u50cf, \u{1f600}', 'plain text, \u753b\u50cf, \u{1f600}'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['\u001b[31mred\u0007', '\\u001b[31mred\\u0007'],
  ['\r\u009b2J', '\\u000d\\u009b2J'],
  ['x\u202egnp.exe\u2066\u200e', 'x\\u202egnp.exe\\u2066\\u200e'],
])('%j', (text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(JSON.parse(printable(JSON.stringify({ text })))).toEqual({ text });
});

test('an error shows names in a form that is safe for terminals, and keeps them unchanged for programs', () => {
  const error = new ModelServingError([{ code: 'some-code', message: 'input "a\u001b]0;b\u202e"' }]);
  expect(error.message).toBe('input "a\\u001b]0;b\\u202e" [some-code]');
  expect(error.problems[0]!.message).toBe('input "a\u001b]0;b\u202e"');
});
