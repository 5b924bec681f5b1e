import { node, value } from '../support/onnx-builder';
import { proofOf, short, type Graph } from './support';

const graph = (nodes: object[], inputs: string[], outputs: string[], more = {}) => ({
  graph: {
    name: 'g',
    node: nodes,
    input: inputs.map((name) => value(name, 'float')),
    output: outputs.map((name) => value(name, 'float')),
    ...more,
  },
});

describe('If', () => {
  const branches = (then: object[], other: object[], output = 'b') => ({
    then_branch: graph(then, [], [output]),
    else_branch: graph(other, [], [output]),
  });
  const when = (condition: object[], attributes: object, more: Partial<Graph> = {}) =>
    short(
      proofOf({
        inputs: { x: ['N', 4] },
        ...more,
        nodes: [...condition, node('If', ['c'], ['y'], { attributes: attributes as never })],
      }),
    );
  const bool = (known: number) => ({
    initializers: [{ name: 'c', dataType: 9, dims: [], rawData: Uint8Array.of(known) }],
  });
  const relu = [node('Relu', ['x'], ['b'])];
  const coupled = [node('Softmax', ['x'], ['b'], { attributes: { axis: 0 } })];

  test('takes a known branch', () => {
    expect(when([], branches(relu, coupled), bool(1))).toBe('independent 0 | 0');
    expect(when([], branches(relu, coupled), bool(0))).toBe('coupled Softmax: works across the axis that counts rows');
  });

  test('joins both branches if a shared input decides', () => {
    const inputs = { x: ['N', 4], c: { bool: [] } };
    expect(when([], branches(relu, [node('Neg', ['x'], ['b'])]), { inputs })).toBe('independent 0,- | 0');
    expect(when([], branches(relu, coupled), { inputs })).toMatch(/^coupled Softmax/);
  });

  test('must not choose a branch by the rows', () => {
    const condition = [
      node('ReduceMax', ['x'], ['m'], { attributes: { axes: [1], keepdims: 0 } }),
      node('Cast', ['m'], ['c'], { attributes: { to: 9 } }),
    ];
    expect(when(condition, branches(relu, relu))).toBe('coupled If: chooses the branch by the rows of the batch');
  });

  test('must not choose a branch by the number of rows', () => {
    const condition = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Equal', ['n', 'one'], ['c']),
    ];
    const given = { constants: { zero: 0, one: 1 } };
    expect(when(condition, branches(relu, [node('Neg', ['x'], ['b'])]), given)).toMatch(
      /^coupled If: chooses the branch by the number of rows/,
    );
  });

  test('by a size: a squeeze in the form of TorchScript', () => {
    const squeeze = (x: (number | string)[]) =>
      short(
        proofOf({
          inputs: { x },
          constants: { two: 2, one: 1, axes: [2], back: [0, 4] },
          nodes: [
            node('Shape', ['x'], ['s']),
            node('Gather', ['s', 'two'], ['d']),
            node('Equal', ['d', 'one'], ['c']),
            node('If', ['c'], ['i'], {
              attributes: branches([node('Squeeze', ['x', 'axes'], ['b'])], [node('Identity', ['x'], ['b'])]) as never,
            }),
            node('Gemm', ['i', 'w'], ['y']),
          ],
          initializers: [{ name: 'w', dataType: 1, dims: [4, 3], floatData: new Array(12).fill(0) }],
        }),
      );
    // If the last axis is not squeezed, the run fails, because Gemm accepts only matrices. The proof may therefore
    // assume that its size is 1.
    expect(squeeze(['N', 4, 'k'])).toBe('independent 0 | 0');
    expect(squeeze(['N', 4, 1])).toBe('independent 0 | 0');
    expect(squeeze(['N', 4, 2])).toMatch(/^not understood/);
  });
});

describe('Loop', () => {
  const loop = (
    body: object[],
    given: Partial<Graph> & { carried?: string[]; result?: string[]; condition?: string } = {},
  ) => {
    const { carried = ['x'], result = ['y'], condition = 'go', ...more } = given;
    const inputs = ['i', 'go', ...carried.map((_, at) => `v${at}`)];
    const outputs = [
      condition,
      ...carried.map((_, at) => `w${at}`),
      ...result.slice(carried.length).map((_, at) => `s${at}`),
    ];
    return short(
      proofOf({
        inputs: { x: ['N', 4] },
        constants: { trips: 3, zero: 0, one: 1 },
        outputs: ['y'],
        ...more,
        nodes: [
          ...(more.nodes ?? []),
          node('Loop', ['trips', '', ...carried], result, {
            attributes: { body: graph(body, inputs, outputs) as never },
          }),
        ],
      }),
    );
  };

  test('with steps that keep the rows separate', () => {
    expect(loop([node('Relu', ['v0'], ['w0'])])).toBe('independent 0 | 0');
  });

  test('with steps that mix rows', () => {
    expect(loop([node('Softmax', ['v0'], ['w0'], { attributes: { axis: 0 } })])).toMatch(/^coupled Softmax/);
    // Rows mix only from the second step on.
    const swap = [
      node('Identity', ['v1'], ['w0']),
      node('ReduceMax', ['v0'], ['m'], { attributes: { axes: [0] } }),
      node('Add', ['v1', 'm'], ['w1']),
    ];
    expect(loop(swap, { carried: ['x', 'x'], result: ['y', 'z'] })).toMatch(/^coupled ReduceMax/);
  });

  test('whose state gets rows', () => {
    const body = [node('Add', ['v0', 'x'], ['w0'])];
    const given = {
      initializers: [{ name: 'start', dataType: 1, dims: [1, 4], floatData: [0, 0, 0, 0] }],
      carried: ['start'],
    };
    expect(loop(body, given)).toMatch(/^not understood Loop|^coupled/);
  });

  test('with a size in its state that grows', () => {
    const body = [
      node('Add', ['v0', 'one'], ['w0']),
      node('Unsqueeze', ['v0', 'axes'], ['size']),
      node('Concat', ['minus', 'size'], ['shape'], { attributes: { axis: 0 } }),
      node('Reshape', ['v1', 'shape'], ['w1']),
    ];
    const given = {
      constants: { trips: 3, one: 1, two: 2, axes: [0], minus: [-1] },
      carried: ['two', 'x'],
      result: ['n', 'y'],
    };
    expect(loop(body, given)).toMatch(/^(not understood|coupled)/);
  });

  test('with a sequence in its state that grows', () => {
    const body = [node('Concat', ['v0', 'x'], ['w0'], { attributes: { axis: 1 } })];
    expect(loop(body)).toBe('independent 0 | 0');
    const rows = [node('Concat', ['v0', 'x'], ['w0'], { attributes: { axis: 0 } })];
    expect(loop(rows)).toMatch(/^coupled Loop/);
  });

  test('with a result of each step', () => {
    const body = [node('Relu', ['v0'], ['w0']), node('Neg', ['v0'], ['s0'])];
    expect(loop(body, { result: ['last', 'y'] })).toBe('independent 0 | 1');
  });

  test('with as many steps as rows', () => {
    const nodes = [node('Shape', ['x'], ['s']), node('Gather', ['s', 'zero'], ['trips'])];
    expect(loop([node('Relu', ['v0'], ['w0'])], { nodes, constants: { zero: 0 } })).toMatch(
      /^not understood Loop: runs as many steps/,
    );
  });

  test('that ends depending on the rows', () => {
    const body = [
      node('Relu', ['v0'], ['w0']),
      node('ReduceMax', ['v0'], ['m'], { attributes: { axes: [1], keepdims: 0 } }),
      node('Cast', ['m'], ['stop'], { attributes: { to: 9 } }),
    ];
    expect(loop(body, { condition: 'stop' })).toMatch(/^coupled Loop: continues depending on the rows/);
  });

  test('with a condition that differs between steps', () => {
    const inner = (then: object[], other: object[]) => [
      node('Equal', ['i', 'one'], ['c']),
      node('If', ['c'], ['w0'], {
        attributes: { then_branch: graph(then, [], ['b']), else_branch: graph(other, [], ['b']) } as never,
      }),
    ];
    expect(loop(inner([node('Relu', ['v0'], ['b'])], [node('Neg', ['v0'], ['b'])]))).toBe('independent 0 | 0');
    const mixed = inner([node('Relu', ['v0'], ['b'])], [node('CumSum', ['v0', 'zero'], ['b'])]);
    expect(loop(mixed)).toMatch(/^coupled CumSum/);
  });
});

describe('Scan', () => {
  const scan = (axis: number, body: object[], state?: string) =>
    short(
      proofOf({
        inputs: { x: ['N', 5, 4], ...(state && { [state]: ['N', 4] }) },
        outputs: ['y'],
        nodes: [
          node('Scan', [...(state ? [state] : []), 'x'], [...(state ? ['last'] : []), 'y'], {
            attributes: {
              num_scan_inputs: 1,
              scan_input_axes: [axis],
              body: graph(body, [...(state ? ['v'] : []), 'part'], [...(state ? ['w'] : []), 's']) as never,
            },
          }),
        ],
      }),
    );

  test('over the steps', () => {
    expect(scan(1, [node('Relu', ['part'], ['s'])])).toBe('independent 0 | 1');
    expect(scan(1, [node('Add', ['v', 'part'], ['w']), node('Identity', ['w'], ['s'])], 'h')).toBe(
      'independent 0,0 | 1',
    );
  });

  test('over the rows', () => {
    expect(scan(0, [node('Relu', ['part'], ['s'])])).toMatch(/^not understood Scan/);
  });
});

describe('functions of the model', () => {
  const own = (name: string, input: string[], output: string[], nodes: object[], more: object = {}) => ({
    domain: 'own',
    name,
    input,
    output,
    node: nodes,
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'own', version: 1 },
    ],
    ...more,
  });
  const call = (functions: object[], attributes = {}, inputs = ['x']) =>
    short(
      proofOf({ inputs: { x: ['N', 4] }, functions, nodes: [node('F', inputs, ['y'], { domain: 'own', attributes })] }),
    );

  test('are analyzed', () => {
    expect(call([own('F', ['a'], ['b'], [node('Relu', ['a'], ['b'])])])).toBe('independent 0 | 0');
    expect(call([own('F', ['a'], ['b'], [node('Softmax', ['a'], ['b'], { attributes: { axis: 0 } })])])).toMatch(
      /^coupled Softmax/,
    );
  });

  test('with attributes of the call, or their defaults', () => {
    const nodes = [node('Softmax', ['a'], ['b'], { attributes: { axis: { ref: 'along', type: 2 } } })];
    const f = own('F', ['a'], ['b'], nodes, { attributeProto: [{ name: 'along', i: 0, type: 2 }] });
    expect(call([f], { along: 1 })).toBe('independent 0 | 0');
    expect(call([f])).toMatch(/^coupled Softmax/);
    const plain = own('F', ['a'], ['b'], nodes, { attribute: ['along'] });
    expect(call([plain])).toBe('independent 0 | 0');
  });

  test('with two defaults for one attribute, of which the runtime takes the first', () => {
    const nodes = [node('Softmax', ['a'], ['b'], { attributes: { axis: { ref: 'along', type: 2 } } })];
    const along = (i: number) => ({ name: 'along', i, type: 2 });
    for (const attributeProto of [
      [along(0), along(1)],
      [along(1), along(0)],
    ])
      expect(call([own('F', ['a'], ['b'], nodes, { attributeProto })])).toMatch(
        /^not understood own:F: .*two defaults/,
      );
  });

  test('whose attributes a node outside refers to: the runtime ignores the reference', () => {
    const reference = (name: string) => ({ name, i: 0, type: 2, refAttrName: 'along' });
    const softmax = { ...node('Softmax', ['x'], ['y']), attribute: [reference('axis')] };
    expect(short(proofOf({ inputs: { x: ['N', 4] }, nodes: [softmax] }))).toMatch(/^not understood Softmax/);

    const nodes = [node('Softmax', ['a'], ['b'], { attributes: { axis: { ref: 'along', type: 2 } } })];
    const byCall = { ...node('F', ['x'], ['y'], { domain: 'own' }), attribute: [reference('along')] };
    const functions = [own('F', ['a'], ['b'], nodes, { attribute: ['along'] })];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, functions, nodes: [byCall] }))).toMatch(/^not understood own:F/);
    const byDefault = own('F', ['a'], ['b'], nodes, { attributeProto: [reference('along')] });
    expect(call([byDefault])).toMatch(/^not understood own:F/);
  });

  test('inside each other', () => {
    const inner = own(
      'G',
      ['a'],
      ['b'],
      [node('ReduceMax', ['a'], ['b'], { attributes: { axes: { ref: 'axes', type: 7 } } })],
      { attribute: ['axes'] },
    );
    const outer = own('F', ['a'], ['b'], [node('G', ['a'], ['b'], { domain: 'own', attributes: { axes: [1] } })]);
    expect(call([outer, inner])).toBe('independent 0 | 0');
  });

  test('that call themselves', () => {
    const f = own('F', ['a'], ['b'], [node('F', ['a'], ['b'], { domain: 'own' })]);
    expect(call([f])).toMatch(/^not understood own:F: .*nested too deep/);
  });

  test('that call each other too often', () => {
    const twice = (name: string, next: string) =>
      own(
        name,
        ['a'],
        ['c'],
        [node(next, ['a'], ['b'], { domain: 'own' }), node(next, ['b'], ['c'], { domain: 'own' })],
      );
    const chain = Array.from({ length: 22 }, (_, at) => twice(at === 0 ? 'F' : `F${at}`, `F${at + 1}`));
    const last = own('F22', ['a'], ['c'], [node('Relu', ['a'], ['c'])]);
    expect(call([...chain, last])).toMatch(/^not understood .*too many steps/);
  });

  test('without an optional input', () => {
    const f = own('F', ['a', 'low'], ['b'], [node('Clip', ['a', 'low'], ['b'])]);
    expect(call([f])).toBe('independent 0 | 0');
  });

  test('with the name of an operator', () => {
    const relu = {
      ...own('Relu', ['a'], ['b'], [node('Softmax', ['a'], ['b'], { attributes: { axis: 0 } })]),
      domain: '',
    };
    const nodes = [node('Relu', ['x'], ['y'])];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, functions: [relu], nodes }))).toMatch(/^not understood Relu/);
  });

  test('with the name of an operator of the runtime that has no rule', () => {
    const crop = { ...own('CropAndResize', ['a'], ['b'], [node('Relu', ['a'], ['b'])]), domain: 'com.microsoft' };
    const nodes = [node('CropAndResize', ['x'], ['y'], { domain: 'com.microsoft' })];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, functions: [crop], nodes }))).toMatch(
      /^not understood com.microsoft:CropAndResize/,
    );
  });

  test('with a different opset from that of the model, which the runtime does not support', () => {
    const opsetImport = [{ domain: '', version: 12 }];
    expect(call([own('F', ['a'], ['b'], [node('Softmax', ['a'], ['b'])], { opsetImport })])).toMatch(
      /^not understood own:F: .*a different opset/,
    );
  });

  test('with an opset that the model does not import, for which the runtime takes the newest', () => {
    const nodes = [node('F', ['x'], ['y'], { domain: 'own' })];
    const functions = [own('F', ['a'], ['b'], [node('DFT', ['a'], ['b'])])];
    const given = { inputs: { x: [1, 3, 'N', 2] }, functions, nodes };
    expect(short(proofOf(given))).toBe('independent 2 | 2');
    expect(short(proofOf({ ...given, inputs: { x: ['N', 3, 4, 2] }, opset: undefined }))).toMatch(/a different opset/);
    expect(short(proofOf({ ...given, opset: undefined }))).not.toMatch(/^independent/);
  });
});

test('sequences of known length', () => {
  const nodes = [
    node('SplitToSequence', ['x', 'two'], ['s'], { attributes: { axis: 1 } }),
    node('SequenceAt', ['s', 'one'], ['a']),
    node('SequenceConstruct', ['a', 'a'], ['t']),
    node('ConcatFromSequence', ['t'], ['y'], { attributes: { axis: 1 } }),
  ];
  const constants = { two: 2, one: 1 };
  expect(short(proofOf({ inputs: { x: ['N', 4] }, constants, nodes }))).toBe('independent 0 | 0');
  const rows = [
    node('SplitToSequence', ['x'], ['s'], { attributes: { axis: 0 } }),
    node('ConcatFromSequence', ['s'], ['y'], { attributes: { axis: 0 } }),
  ];
  expect(short(proofOf({ inputs: { x: ['N', 4] }, nodes: rows }))).toMatch(/^coupled SplitToSequence/);
});
