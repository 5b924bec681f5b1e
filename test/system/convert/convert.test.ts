import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../support/run-cli';
import { temporaryFolder } from '../../support/temporary-folder';
import { describeWith, runExample, type Script } from './pythons';
import { compare, type RequestExample, rowsOf, ServedModel } from './served-model';

const folder = temporaryFolder();

interface Expected {
  readonly accuracy: number;
  readonly inputs: string[];
  readonly outputs: string[];
}

function describeFramework(framework: string, script: Script, name: string, expected: Expected): void {
  describeWith(script, framework, () => {
    const out = join(folder, script);
    const model = join(out, `${name}.onnx`);
    let server: ServedModel;
    let heldOut: RequestExample;

    beforeAll(async () => {
      const [, accuracy] = runExample(script, out).match(/^accuracy ([\d.]+)%/m)!;
      expect(Number(accuracy)).toBeGreaterThan(expected.accuracy);
      heldOut = JSON.parse(readFileSync(join(out, `${name}.held-out.json`), 'utf8')).examples[0];
      server = await ServedModel.start(model, join(out, `${name}.golden.json`));
    });
    afterAll(() => server?.stop());

    test('the model is servable, has independent rows and the expected signature', () => {
      const { servable, batching, warnings, inputs, outputs } = JSON.parse(runCli('inspect', model, '--json').stdout);
      expect({ servable, verdict: batching.verdict, warnings }).toEqual({
        servable: true,
        verdict: 'independent',
        warnings: [],
      });
      const text = (tensors: any[]) =>
        tensors.map(({ name, datatype, dimensions }) => `${name} ${datatype} [${dimensions.join(', ')}]`);
      expect(text(inputs)).toEqual(expected.inputs);
      expect(text(outputs)).toEqual(expected.outputs);
    });

    test(`onnxruntime answers the golden examples as ${framework} does`, () => {
      const { code, stdout, stderr } = runCli('check', model);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(stdout).toContain(`golden examples: ${join(out, `${name}.golden.json`)}, reproduced\n`);
    });

    test(`the server answers held-out rows as ${framework} does, in one request`, async () => {
      const { status, body } = await server.infer(heldOut.request);
      expect(status).toBe(200);
      const share = compare(body.outputs, heldOut);
      console.log(
        `${framework}: ${heldOut.request.inputs[0]!.shape[0]} rows, ${(share * 100).toFixed(1)} % of the tolerance`,
      );
      expect(share).toBeLessThan(1);
    });

    test('the server answers them one by one, from many clients', async () => {
      const rows = rowsOf(heldOut).slice(0, 200);
      // Sends at most as many requests at once as the queue holds, so that even a slow server refuses none.
      for (const some of [rows.slice(0, 100), rows.slice(100)]) {
        const replies = await Promise.all(some.map(({ request }) => server.infer(request)));
        replies.forEach(({ body }, index) => expect(compare(body.outputs, some[index]!)).toBeLessThan(1));
      }
    });
  });
}

describeFramework('scikit-learn', 'scikit_learn', 'iris', {
  accuracy: 90,
  inputs: ['features FP32 [batch, 4]'],
  outputs: ['label BYTES [batch]', 'probabilities FP32 [batch, 3]'],
});

describeFramework('XGBoost', 'xgboost_model', 'tumours', {
  accuracy: 90,
  inputs: ['features FP32 [batch, 30]'],
  outputs: ['label INT64 [batch]', 'probabilities FP32 [batch, 2]'],
});

describeFramework('PyTorch', 'pytorch', 'digits', {
  accuracy: 95,
  inputs: ['image FP32 [batch, 1, 8, 8]'],
  outputs: ['logits FP32 [batch, 10]'],
});
