import { identity, node, value } from '../../support/onnx-builder';
import { modelFolder } from '../../support/model-folder';
import { ServerProcess } from '../../support/server';

test('names appear in the log in a form that is safe for terminals', async () => {
  const name = 'y\u001b[31m\u007f\u009b2J\u202e\u2066"';
  const parts = {
    ...identity('float', ['n']),
    outputs: [value(name, 'float', ['n'])],
    nodes: [node('Identity', ['x'], [name])],
  };
  const tensor = (id: string, data: number[]) => ({ name: id, datatype: 'FP32' as const, shape: [1], data });
  const request = { inputs: [tensor('x', [1])] };
  const examples = [{ name, request, response: { outputs: [tensor(name, [2])] } }];
  const server = ServerProcess.spawn(modelFolder(parts, { examples }));
  let text = '';
  server.process.stdout!.setEncoding('utf8').on('data', (part) => (text += part));
  const { error } = await server.waitForLog(({ msg }) => msg === 'the model is not served');
  expect(error).toContain(`output ${JSON.stringify(name)}`);
  expect(text).toMatch(/\\u001b\[31m\\u007f\\u009b2J\\u202e\\u2066/);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
});
