import type { TensorSignature } from 'cdktf-model-serving';
import { compareInterfaces } from '../../lib/interface/compare-interfaces';

type Dimensions = TensorSignature['dimensions'];

function tensor(name: string, dimensions: Dimensions = ['n', 4], datatype: TensorSignature['datatype'] = 'FP32') {
  return { name, datatype, dimensions };
}

function model(inputs = [tensor('x')], outputs = [tensor('y')], name = 'm') {
  return { name, inputs, outputs };
}

/** As `interface diff` prints them. */
function differences(was: ReturnType<typeof model>, is: ReturnType<typeof model>): string[] {
  return compareInterfaces(was, is).map(({ what, harm }) => (harm ? `! ${what}: ${harm}` : what));
}

const REFUSED = 'clients that send other sizes would be refused';
const MISREAD = 'clients that count on its size would misread it';

test.each<[string, ReturnType<typeof model>, ReturnType<typeof model>, string[]]>([
  ['nothing', model(), model(), []],
  [
    'the name of the model',
    model(),
    model(undefined, undefined, 'other'),
    ['! the model is called "other", and was called "m": clients ask for it by its name'],
  ],
  [
    'an input that is renamed',
    model(),
    model([tensor('a')]),
    ['! input "x" is called "a" now: clients send it by its old name'],
  ],
  [
    'an input that is replaced',
    model(),
    model([tensor('a', [3])]),
    [
      '! input "x" is gone, and was FP32 [n, 4]: clients that send it would be refused',
      '! input "a" is new, FP32 [3]: clients that do not send it would be refused',
    ],
  ],
  [
    'an input more',
    model(),
    model([tensor('x'), tensor('a')]),
    ['! input "a" is new, FP32 [n, 4]: clients that do not send it would be refused'],
  ],
  [
    'an input less',
    model([tensor('x'), tensor('a', ['k'])]),
    model(),
    ['! input "a" is gone, and was FP32 [k]: clients that send it would be refused'],
  ],
  ['inputs in another order', model([tensor('x'), tensor('a')]), model([tensor('a'), tensor('x')]), []],
  [
    'the datatype of an input',
    model(),
    model([tensor('x', ['n', 4], 'INT64')]),
    ['! input "x" is INT64 [n, 4], and was FP32 [n, 4]: clients send FP32'],
  ],
  [
    'the rank of an input',
    model(),
    model([tensor('x', ['n', 4, 1])]),
    ['! input "x" is FP32 [n, 4, 1], and was FP32 [n, 4]: clients send tensors of rank 2'],
  ],
  [
    'a fixed size of an input',
    model(),
    model([tensor('x', ['n', 5])]),
    [`! input "x" is FP32 [n, 5], and was FP32 [n, 4]: ${REFUSED}`],
  ],
  [
    'an input that is narrowed',
    model(),
    model([tensor('x', [1, 4])]),
    [`! input "x" is FP32 [1, 4], and was FP32 [n, 4]: ${REFUSED}`],
  ],
  [
    'an unnamed size of an input that is fixed',
    model([tensor('x', [null])]),
    model([tensor('x', [2])]),
    [`! input "x" is FP32 [2], and was FP32 [?]: ${REFUSED}`],
  ],
  [
    'an input that is widened',
    model(),
    model([tensor('x', ['n', 'k'])]),
    ['input "x" is FP32 [n, k], and was FP32 [n, 4]'],
  ],
  [
    'an input whose size loses its name',
    model(),
    model([tensor('x', [null, 4])]),
    ['input "x" is FP32 [?, 4], and was FP32 [n, 4]'],
  ],
  [
    'inputs that must be of one size',
    model([tensor('x', ['n']), tensor('a', ['k'])], [tensor('y', [1])]),
    model([tensor('x', ['n']), tensor('a', ['n'])], [tensor('y', [1])]),
    [
      'input "a" is FP32 [n], and was FP32 [k]',
      `! dimension 0 of input "a" must equal dimension 0 of input "x" ("n"), and could differ: ${REFUSED}`,
    ],
  ],
  ['symbols of other names', model(), model([tensor('x', ['batch', 4])], [tensor('y', ['batch', 4])]), []],
  [
    'symbols that come apart',
    model(),
    model([tensor('x', ['a', 4])], [tensor('y', ['b', 4])]),
    ['input "x" is FP32 [a, 4], and was FP32 [n, 4]', 'output "y" is FP32 [b, 4], and was FP32 [n, 4]'],
  ],
  [
    'an output that is renamed',
    model(),
    model(undefined, [tensor('z')]),
    ['! output "y" is called "z" now: clients read it by its old name'],
  ],
  [
    'an output less',
    model(undefined, [tensor('y'), tensor('z', [2])]),
    model(),
    ['! output "z" is gone, and was FP32 [2]: clients that read it would find nothing'],
  ],
  ['an output more', model(), model(undefined, [tensor('y'), tensor('z')]), ['output "z" is new, FP32 [n, 4]']],
  [
    'the datatype of an output',
    model(),
    model(undefined, [tensor('y', ['n', 4], 'FP64')]),
    ['! output "y" is FP64 [n, 4], and was FP32 [n, 4]: clients read FP32'],
  ],
  [
    'the rank of an output',
    model(),
    model(undefined, [tensor('y', ['n'])]),
    ['! output "y" is FP32 [n], and was FP32 [n, 4]: clients read tensors of rank 2'],
  ],
  [
    'a fixed size of an output',
    model(),
    model(undefined, [tensor('y', ['n', 5])]),
    [`! output "y" is FP32 [n, 5], and was FP32 [n, 4]: ${MISREAD}`],
  ],
  [
    'an output that is widened',
    model(),
    model(undefined, [tensor('y', ['n', null])]),
    [`! output "y" is FP32 [n, ?], and was FP32 [n, 4]: ${MISREAD}`],
  ],
  [
    'an output that is narrowed',
    model(),
    model(undefined, [tensor('y', [1, 4])]),
    ['output "y" is FP32 [1, 4], and was FP32 [n, 4]'],
  ],
  [
    'equal sizes of one input',
    model([tensor('x', ['n', 'k'])], [tensor('y', [1])]),
    model([tensor('x', ['n', 'n'])], [tensor('y', [1])]),
    [
      'input "x" is FP32 [n, n], and was FP32 [n, k]',
      `! dimension 1 of input "x" must equal dimension 0 of input "x" ("n"), and could differ: ${REFUSED}`,
    ],
  ],
])('%s', (_, was, is, expected) => {
  expect(differences(was, is)).toEqual(expected);
});
