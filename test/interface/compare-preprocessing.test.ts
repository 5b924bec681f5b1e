import { compareInterfaces } from '../../lib/interface/compare-interfaces';
import type { ModelInterface } from '../../lib/interface/model-interface';

type Declared = Pick<ModelInterface, 'picture' | 'classes'>;

/** Returns differences as `interface diff` prints them. */
function differences(was: Declared, is: Declared): string[] {
  const tensors = (declared: Declared) => ({ name: 'm', inputs: [], outputs: [], ...declared });
  return compareInterfaces(tensors(was), tensors(is)).map(({ change, effect }) =>
    effect ? `! ${change}: ${effect}` : change,
  );
}

const picture = (maxPixels: number): Declared => ({ picture: { maxPixels } });

test.each<[string, Declared, Declared, string[]]>([
  ['the same', picture(9), picture(9), []],
  ['accepted', {}, picture(9), ['pictures are now accepted']],
  ['no longer accepted', picture(9), {}, ['! pictures are no longer accepted: clients that send them are refused']],
  [
    'smaller',
    picture(9),
    picture(8),
    ['! the maximum size of a picture changes from 9 to 8 pixels: clients that send larger pictures are refused'],
  ],
  ['larger', picture(9), picture(10), ['the maximum size of a picture changes from 9 to 10 pixels']],
])('pictures: %s', (_, was, is, expected) => {
  expect(differences(was, is)).toEqual(expected);
});

const classes = (names?: string[], kind: 'scores' | 'index' | 'label' = 'scores', softmax = false): Declared => ({
  classes: { kind, softmax, names },
});

test.each<[string, Declared, Declared, string[]]>([
  ['the same', classes(['a', 'b']), classes(['a', 'b']), []],
  ['returned', {}, classes(), ['the model now returns a class']],
  [
    'no longer returned',
    classes(),
    {},
    ['! the model no longer returns a class: clients that request a class are refused'],
  ],
  [
    'more',
    classes(['a', 'b']),
    classes(['a', 'b', 'c', 'd']),
    ['! class "c" (and 1 more) is added: clients with a fixed list of names reject it'],
  ],
  [
    'fewer',
    classes(['a', 'b']),
    classes(['a']),
    ['! class "b" is removed: clients that look for its name do not find it'],
  ],
  [
    'another name',
    classes(['a', 'b']),
    classes(['a', 'x']),
    [
      '! class "b" is removed: clients that look for its name do not find it',
      '! class "x" is added: clients with a fixed list of names reject it',
    ],
  ],
  [
    'another order',
    classes(['a', 'b']),
    classes(['b', 'a']),
    ['! class "a" moves from index 0 to 1: clients that use the index misread it'],
  ],
  ['names', classes(), classes(['a']), ['! classes now have names: clients that expect indices receive names']],
  [
    'no names',
    classes(['a']),
    classes(),
    ['! classes no longer have names: clients that expect names receive indices'],
  ],
  ['more labels', classes(['a'], 'label'), classes(['a', 'b'], 'label'), ['class "b" is added']],
  ['names of labels', classes(undefined, 'label'), classes(['a'], 'label'), ['classes now have names']],
  [
    'no names of labels',
    classes(['a'], 'label'),
    classes(undefined, 'label'),
    ['! classes no longer have names: clients that read the index do not find it'],
  ],
  [
    'no scores',
    classes(),
    classes(undefined, 'index'),
    ['! the class now comes from an index instead of scores: clients that read the score do not find it'],
  ],
  ['scores', classes(undefined, 'index'), classes(), ['the class now comes from scores instead of an index']],
  [
    'no labels',
    classes(undefined, 'label'),
    classes(undefined, 'index'),
    ['! the class now comes from an index instead of a label: clients that read the label do not find it'],
  ],
  [
    'probabilities',
    classes(),
    classes(undefined, 'scores', true),
    ['! scores are now probabilities instead of the raw output: clients that compare scores misread them'],
  ],
])('classes: %s', (_, was, is, expected) => {
  expect(differences(was, is)).toEqual(expected);
});
