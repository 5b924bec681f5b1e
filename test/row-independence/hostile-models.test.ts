/**
 * Models that are designed to exhaust the prover. Each proof must end within the time limit of a test, and each model
 * must be readable.
 */
import { initializer, node } from '../support/onnx-builder';
import { proofOf, type Graph } from './support';

/** Graph with 128 different sums of sizes that have long names, and with nodes that compute with these sums. */
function polynomials(times: number, nodes: (index: number) => object): Graph {
  const sizes = Array.from({ length: 23 }, (_, i) => i);
  const powers = Array.from({ length: times }, (_, i) =>
    node('Mul', [i === 0 ? 'sum' : `power${i - 1}`, 'size0'], [`power${i}`]),
  );
  return {
    inputs: { x: ['N', 4], ...Object.fromEntries(sizes.map((i) => [`p${i}`, [1, `${'s'.repeat(80)}${i}`]])) },
    constants: { length: [128] },
    initializers: [
      initializer(
        'numbers',
        'int64',
        [128],
        BigInt64Array.from({ length: 128 }, (_, i) => BigInt(i + 1)),
      ),
    ],
    nodes: [
      ...sizes.map((i) => node('Shape', [`p${i}`], [`size${i}`], { attributes: { start: 1 } })),
      node(
        'Concat',
        sizes.map((i) => `size${i}`),
        ['list'],
        { attributes: { axis: 0 } },
      ),
      node('ReduceSum', ['list'], ['sum'], { attributes: { keepdims: 1 } }),
      ...powers,
      node('Expand', [times === 0 ? 'sum' : `power${times - 1}`, 'length'], ['same']),
      node('Mul', ['same', 'numbers'], ['w0']),
      ...Array.from({ length: 3000 }, (_, i) => nodes(i)),
      node('Relu', ['x'], ['y']),
    ],
  };
}

const GRAPHS: Record<string, () => Graph> = {
  'powers of sums': () => polynomials(22, (i) => node('Mul', ['same', 'numbers'], [`w${i + 1}`])),
  'alternating sums and products': () =>
    polynomials(0, (i) => node(i % 2 ? 'Add' : 'Mul', [`w${i}`, 'same'], [`w${i + 1}`])),
  'the minimum of sums': () => polynomials(0, (i) => node('Min', [`w${i}`, 'same'], [`w${i + 1}`])),
  'an operator for pictures on a scalar': () => ({
    inputs: { x: ['N', 4] },
    constants: { scalar: 1, w: { weights: [2, 2, 3, 3] } },
    nodes: [node('ConvTranspose', ['scalar', 'w'], ['unread']), node('Relu', ['x'], ['y'])],
  }),
};

test.each(Object.entries(GRAPHS))('%s', (_, graph) => {
  expect(['independent', 'not understood']).toContain(proofOf(graph()).verdict.verdict);
});
