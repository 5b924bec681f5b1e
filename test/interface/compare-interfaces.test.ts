import type { TensorSignature } from 'cdktf-model-serving';
import { compareInterfaces } from '../../lib/interface/compare-interfaces';

type Dimensions = TensorSignature['dimensions'];

function tensor(name: string, dimensions: Dimensions = ['n', 4], datatype: TensorSignature['datatype'] = 'FP32') {
  return { name, datatype, dimensions };
}

function model(inputs = [tensor('x')], outputs = [tensor('y')], name = 'm') {
  return { name, inputs, outputs };
}

/** Returns differences as `interface diff` prints them. */
function differences(was: ReturnType<typeof model>, is: ReturnType<typeof model>): string[] {
  return compareInterfaces(was, is).map(({ change, effect }) => (effect ? `! ${change}: ${effect}` : change));
}

const REFUSED = 'clients that send other sizes are refused';
const MISREAD = 'clients that rely on its size misread it';

test.each<[string, ReturnType<typeof model>, ReturnType<typeof model>, string[]]>([
  ['nothing', model(), model(), []],
  [
    'the name of the model',
    model(),
    model(undefined, undefined, 'other'),
    ['! the model is renamed from "m" to "other": clients that use the old name no longer find it'],
  ],
  [
    'an input that is renamed',
    model(),
    model([tensor('a')]),
    ['! input "x" is renamed to "a": clients that use the old name are refused'],
  ],
  [
    'an input that is replaced',
    model(),
    model([tensor('a', [3])]),
    [
      '! input "x" (FP32 [n, 4]) is removed: clients that send it are refused',
      '! input "a" (FP32 [3]) is added: clients that do not send it are refused',
    ],
  ],
  [
    'an additional input',
    model(),
    model([tensor('x'), tensor('a')]),
    ['! input "a" (FP32 [n, 4]) is added: clients that do not send it are refused'],
  ],
  [
    'a removed input',
    model([tensor('x'), tensor('a', ['k'])]),
    model(),
    ['! input "a" (FP32 [k]) is removed: clients that send it are refused'],
  ],
  ['inputs in a different order', model([tensor('x'), tensor('a')]), model([tensor('a'), tensor('x')]), []],
  [
    'the datatype of an input',
    model(),
    model([tensor('x', ['n', 4], 'INT64')]),
    ['! input "x" changes from FP32 [n, 4] to INT64 [n, 4]: clients that send FP32 are refused'],
  ],
  [
    'the rank of an input',
    model(),
    model([tensor('x', ['n', 4, 1])]),
    ['! input "x" changes from FP32 [n, 4] to FP32 [n, 4, 1]: clients that send tensors of rank 2 are refused'],
  ],
  [
    'a fixed size of an input',
    model(),
    model([tensor('x', ['n', 5])]),
    [`! input "x" changes from FP32 [n, 4] to FP32 [n, 5]: ${REFUSED}`],
  ],
  [
    'an input that is narrowed',
    model(),
    model([tensor('x', [1, 4])]),
    [`! input "x" changes from FP32 [n, 4] to FP32 [1, 4]: ${REFUSED}`],
  ],
  [
    'an unnamed size of an input that is fixed',
    model([tensor('x', [null])]),
    model([tensor('x', [2])]),
    [`! input "x" changes from FP32 [?] to FP32 [2]: ${REFUSED}`],
  ],
  [
    'an input that is widened',
    model(),
    model([tensor('x', ['n', 'k'])]),
    ['input "x" changes from FP32 [n, 4] to FP32 [n, k]'],
  ],
  [
    'an input whose size loses its name',
    model(),
    model([tensor('x', [null, 4])]),
    ['input "x" changes from FP32 [n, 4] to FP32 [?, 4]'],
  ],
  [
    'inputs that must now have the same size',
    model([tensor('x', ['n']), tensor('a', ['k'])], [tensor('y', [1])]),
    model([tensor('x', ['n']), tensor('a', ['n'])], [tensor('y', [1])]),
    [
      'input "a" changes from FP32 [k] to FP32 [n]',
      `! dimension 0 of input "a" must now equal dimension 0 of input "x" ("n"): ${REFUSED}`,
    ],
  ],
  ['symbols with different names', model(), model([tensor('x', ['batch', 4])], [tensor('y', ['batch', 4])]), []],
  [
    'symbols that become different',
    model(),
    model([tensor('x', ['a', 4])], [tensor('y', ['b', 4])]),
    ['input "x" changes from FP32 [n, 4] to FP32 [a, 4]', 'output "y" changes from FP32 [n, 4] to FP32 [b, 4]'],
  ],
  [
    'an output that is renamed',
    model(),
    model(undefined, [tensor('z')]),
    ['! output "y" is renamed to "z": clients that use the old name no longer find it'],
  ],
  [
    'a removed output',
    model(undefined, [tensor('y'), tensor('z', [2])]),
    model(),
    ['! output "z" (FP32 [2]) is removed: clients that read it no longer find it'],
  ],
  [
    'an additional output',
    model(),
    model(undefined, [tensor('y'), tensor('z')]),
    ['output "z" (FP32 [n, 4]) is added'],
  ],
  [
    'the datatype of an output',
    model(),
    model(undefined, [tensor('y', ['n', 4], 'FP64')]),
    ['! output "y" changes from FP32 [n, 4] to FP64 [n, 4]: clients that expect FP32 misread it'],
  ],
  [
    'the rank of an output',
    model(),
    model(undefined, [tensor('y', ['n'])]),
    ['! output "y" changes from FP32 [n, 4] to FP32 [n]: clients that expect tensors of rank 2 misread it'],
  ],
  [
    'a fixed size of an output',
    model(),
    model(undefined, [tensor('y', ['n', 5])]),
    [`! output "y" changes from FP32 [n, 4] to FP32 [n, 5]: ${MISREAD}`],
  ],
  [
    'an output that is widened',
    model(),
    model(undefined, [tensor('y', ['n', null])]),
    [`! output "y" changes from FP32 [n, 4] to FP32 [n, ?]: ${MISREAD}`],
  ],
  [
    'an output that is narrowed',
    model(),
    model(undefined, [tensor('y', [1, 4])]),
    ['output "y" changes from FP32 [n, 4] to FP32 [1, 4]'],
  ],
  [
    'equal sizes of one input',
    model([tensor('x', ['n', 'k'])], [tensor('y', [1])]),
    model([tensor('x', ['n', 'n'])], [tensor('y', [1])]),
    [
      'input "x" changes from FP32 [n, k] to FP32 [n, n]',
      `! dimension 1 of input "x" must now equal dimension 0 of input "x" ("n"): ${REFUSED}`,
    ],
  ],
])('%s', (_, was, is, expected) => {
  expect(differences(was, is)).toEqual(expected);
});
