import { PATTERNS, plainWordFaults } from './plain-words';

const names = PATTERNS.map(({ name }) => name);

const CASES = [
  ['mend', 'the next version mends it', 'amend the commit'],
  ['anew', 'clients connect anew', 'a newer version'],
  ['lest', 'a lower bound, lest all come back at once', 'the least of them, in little-endian'],
  ['reckon', 'nothing reckons with them', 'a wreck on the way'],
  ['that is none', 'a shape that is none', 'that is nonetheless served'],
  ['what is not given', 'What is not given follows from the profile', 'options that are not given have defaults'],
  ['for want of', 'refused for want of memory', 'what callers want of it'],
  ['told', 'the server is told what is left', 'users are told what to do'],
  ['told', 'calls that were told to end', 'fast models can be told apart by it'],
  ['told', 'Docker keeps it unless told otherwise', 'the reader was told so'],
] as const;

test.each(CASES)('%s: finds "%s" and leaves "%s" alone', (name, faulty, fine) => {
  const { finds } = PATTERNS[names.indexOf(name)]!;
  expect(faulty.match(finds)).not.toBeNull();
  expect(fine.match(finds)).toBeNull();
  expect(plainWordFaults(fine)).toEqual([]);
});

test('every pattern has a case above', () => {
  expect([...new Set(CASES.map(([name]) => name))]).toEqual(names);
});

test('a finding contains its line and the replacement', () => {
  expect(plainWordFaults('one\ntwo anew\n')).toEqual([{ line: 2, found: 'anew', instead: 'again' }]);
});
