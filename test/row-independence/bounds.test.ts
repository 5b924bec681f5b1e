import { node } from '../support/onnx-builder';
import { proofOf, short } from './support';

test('sizes that grow without bound', () => {
  const names = Array.from({ length: 400 }, (_, at) => `n${at}`);
  const grow = [
    node('Shape', ['x'], ['n0'], { attributes: { start: 1, end: 3 } }),
    ...names.slice(1).map((name, at) => node(at % 2 ? 'Mul' : 'Add', [names[at] as string, 'turned'], [name])),
  ];
  const nodes = [
    node('Shape', ['x'], ['s'], { attributes: { start: 1, end: 3 } }),
    node('Gather', ['s', 'order'], ['turned']),
    ...grow,
    node('Concat', ['minus', 'n399'], ['to'], { attributes: { axis: 0 } }),
    node('Reshape', ['x', 'to'], ['y']),
  ];
  const begin = performance.now();
  const verdict = short(proofOf({ inputs: { x: ['N', 'a', 'b'] }, constants: { order: [1, 0], minus: [-1] }, nodes }));
  expect(verdict).toMatch(/^not understood Reshape/);
  expect(performance.now() - begin).toBeLessThan(5000);
});

test('too many steps', () => {
  const names = Array.from({ length: 140_000 }, (_, at) => `n${at}`);
  const nodes = names.map((name, at) => node('Relu', [names[at - 1] ?? 'x'], [name], { name: '' }));
  const verdict = short(proofOf({ inputs: { x: ['N', 4] }, nodes, outputs: ['n139999'] }));
  expect(verdict).toMatch(/^not understood Relu: the model takes too many steps/);
});

test('conditions with too many cases', () => {
  const branch = (nodes: object[]) => ({ graph: { name: 'g', node: nodes, output: [{ name: 'b' }] } });
  const nodes = Array.from({ length: 8 }, (_, at) => [
    node('Gather', ['flags', `at${at}`], [`f${at}`]),
    node('Cast', [`f${at}`], [`c${at}`], { attributes: { to: 9 } }),
    node('If', [`c${at}`], [`y${at}`], {
      attributes: {
        then_branch: branch([node('Unsqueeze', [at ? `y${at - 1}` : 'x', 'axes'], ['b'])]),
        else_branch: branch([node('Identity', [at ? `y${at - 1}` : 'x'], ['b'])]),
      },
    }),
  ]).flat();
  const constants = { axes: [1], ...Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`at${at}`, at])) };
  const verdict = short(proofOf({ inputs: { x: ['N', 4], flags: { int64: [8] } }, constants, nodes, outputs: ['y7'] }));
  expect(verdict).toBe('not understood If: too many conditions are unknown');
});
