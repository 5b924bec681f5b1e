import * as fc from 'fast-check';
import { defaultResourceName, isLabel, isResourceName, labelValue, memberName } from '../../lib/kubernetes/names';

/** Paths of constructs, made of ids that are valid but sometimes hostile. */
const id = fc.oneof(
  fc.stringMatching(/^[a-z0-9-]{1,5}$/),
  fc.string({ minLength: 1, maxLength: 90 }).map((text) => text.replaceAll('/', '--')),
);
const path = fc.array(id, { minLength: 1, maxLength: 4 }).map((ids) => ids.join('/'));

test.each([
  ['stack/digits', 'stack-digits'],
  ['my-stack/digits', 'my-stack-digits'],
  ['stack/digits-v2', expect.stringMatching(/^stack-digits-v2-[0-9a-f]{8}$/)],
  ['Stack/Digits', expect.stringMatching(/^stack-digits-[0-9a-f]{8}$/)],
  ['stack/team/digits', expect.stringMatching(/^stack-team-digits-[0-9a-f]{8}$/)],
  ['9/图', expect.stringMatching(/^model-[0-9a-f]{8}$/)],
  [`stack/${'x'.repeat(100)}`, expect.stringMatching(/^stack-x{48}-[0-9a-f]{8}$/)],
])('the resources of %s', (constructPath, name) => {
  expect(defaultResourceName(constructPath)).toEqual(name);
});

test('names are valid for any path', () => {
  fc.assert(fc.property(path, (text) => isResourceName(defaultResourceName(text))));
  fc.assert(fc.property(path, id, (owner, member) => isResourceName(memberName(defaultResourceName(owner), member))));
});

test('the same path gives the same name on any machine', () => {
  fc.assert(fc.property(path, (text) => defaultResourceName(text) === defaultResourceName(text)));
  expect(defaultResourceName('stack/digits-v2')).toBe('stack-digits-v2-f312bc6f');
});

test('different paths give different names', () => {
  const names = new Map<string, string>();
  fc.assert(
    fc.property(path, (text) => {
      const name = defaultResourceName(text);
      const owner = names.get(name) ?? text;
      names.set(name, owner);
      return owner === text;
    }),
    { numRuns: 5000 },
  );
  expect(names.size).toBeGreaterThan(1000);
});

test('a path that only looks like a name with a hash gets its own hash', () => {
  const hashed = defaultResourceName('a/b-c');
  expect(defaultResourceName(`a-b-c/${hashed.slice(-8)}`)).not.toBe(hashed);
});

test.each(['a', 'stack-digits', 'x'.repeat(63)])('resource name %s', (name) => {
  expect(isResourceName(name)).toBe(true);
});

test.each(['', '-a', 'a-', '9a', 'A', 'a.b', 'a_b', 'a b', 'a\n', 'x'.repeat(64)])(
  'not a resource name: "%s"',
  (name) => {
    expect(isResourceName(name)).toBe(false);
  },
);

test('resources of one owner have different names', () => {
  fc.assert(fc.property(path, id, id, (owner, a, b) => a === b || memberName(owner, a) !== memberName(owner, b)));
});

test('any string becomes a label, and different strings become different labels', () => {
  const text = fc.string({ minLength: 1, maxLength: 130 });
  fc.assert(fc.property(text, (value) => isLabel('key', labelValue(value))));
  fc.assert(fc.property(text, text, (a, b) => a === b || labelValue(a) !== labelValue(b)));
  expect(labelValue('1.2.3_rc-1')).toBe('1.2.3_rc-1');
});

test.each([
  ['team', 'vision', true],
  ['example.com/team', '', true],
  ['Example.com/team', 'a', false],
  ['a/b/c', 'a', false],
  ['', 'a', false],
  ['team', '-a', false],
  ['team', 'a'.repeat(64), false],
  ['team', 'a\n', false],
  ['a'.repeat(63), 'a'.repeat(63), true],
  ['a'.repeat(64), 'a', false],
  ['/team', 'a', false],
  ['example.com/', 'a', false],
])('label %s=%s: %s', (key, value, valid) => {
  expect(isLabel(key, value)).toBe(valid);
});
