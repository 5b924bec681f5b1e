import { compareInterfaces } from '../../lib/interface/compare-interfaces';
import type { ModelInterface } from '../../lib/interface/model-interface';

type Declared = Pick<ModelInterface, 'picture' | 'classes'>;

/** As `interface diff` prints them. */
function differences(was: Declared, is: Declared): string[] {
  const tensors = (declared: Declared) => ({ name: 'm', inputs: [], outputs: [], ...declared });
  return compareInterfaces(tensors(was), tensors(is)).map(({ what, harm }) => (harm ? `! ${what}: ${harm}` : what));
}

const picture = (maxPixels: number): Declared => ({ picture: { maxPixels } });

test.each<[string, Declared, Declared, string[]]>([
  ['the same', picture(9), picture(9), []],
  ['taken', {}, picture(9), ['pictures are taken now']],
  ['taken no more', picture(9), {}, ['! pictures are taken no more: clients that send them would be refused']],
  [
    'smaller',
    picture(9),
    picture(8),
    ['! pictures may have 8 pixels, and could have 9: clients that send larger ones would be refused'],
  ],
  ['larger', picture(9), picture(10), ['pictures may have 10 pixels, and could have 9']],
])('pictures: %s', (_, was, is, expected) => {
  expect(differences(was, is)).toEqual(expected);
});

const classes = (names?: string[], kind: 'scores' | 'index' | 'label' = 'scores', softmax = false): Declared => ({
  classes: { kind, softmax, names },
});

test.each<[string, Declared, Declared, string[]]>([
  ['the same', classes(['a', 'b']), classes(['a', 'b']), []],
  ['told', {}, classes(), ['the class is told now']],
  ['told no more', classes(), {}, ['! the class is told no more: clients that ask for it would find nothing']],
  [
    'more',
    classes(['a', 'b']),
    classes(['a', 'b', 'c', 'd']),
    ['! class "c" (and 1 more) is new: clients that know all names would refuse it'],
  ],
  [
    'fewer',
    classes(['a', 'b']),
    classes(['a']),
    ['! class "b" is gone: clients that know it by its name would not find it'],
  ],
  [
    'another name',
    classes(['a', 'b']),
    classes(['a', 'x']),
    [
      '! class "b" is gone: clients that know it by its name would not find it',
      '! class "x" is new: clients that know all names would refuse it',
    ],
  ],
  [
    'another order',
    classes(['a', 'b']),
    classes(['b', 'a']),
    ['! class "a" has index 1, and had 0: clients that go by the index would misread it'],
  ],
  ['names', classes(), classes(['a']), ['! classes have names now: clients read indices in their place']],
  ['no names', classes(['a']), classes(), ['! classes have no names any more: clients read names']],
  ['more labels', classes(['a'], 'label'), classes(['a', 'b'], 'label'), ['class "b" is new']],
  ['names of labels', classes(undefined, 'label'), classes(['a'], 'label'), ['classes have names now']],
  [
    'no names of labels',
    classes(['a'], 'label'),
    classes(undefined, 'label'),
    ['! classes have no names any more: clients read their indices'],
  ],
  [
    'no scores',
    classes(),
    classes(undefined, 'index'),
    ['! the class is told by an index, and was by scores: clients read the score'],
  ],
  ['scores', classes(undefined, 'index'), classes(), ['the class is told by scores, and was by an index']],
  [
    'no labels',
    classes(undefined, 'label'),
    classes(undefined, 'index'),
    ['! the class is told by an index, and was by a label: clients read the label'],
  ],
  [
    'probabilities',
    classes(),
    classes(undefined, 'scores', true),
    ['! scores are probabilities now, and were as given: clients that compare them would misread them'],
  ],
])('classes: %s', (_, was, is, expected) => {
  expect(differences(was, is)).toEqual(expected);
});
