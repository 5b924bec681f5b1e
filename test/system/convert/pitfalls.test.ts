import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { png } from '../../support/png';
import { runCli } from '../../support/run-cli';
import { temporaryFolder } from '../../support/temporary-folder';
import { describeWith, hasNewExporter, runScript, type Script } from './pythons';
import { ServedModel } from './served-model';

const folder = temporaryFolder();
const docs = readFileSync(join(ROOT, 'docs/convert.md'), 'utf8');

/** Replaces the numbers in a string, because they differ between machines. */
const withoutFigures = (text: string) => text.replace(/-?\d+(\.\d+)?/g, '#');

/** Expects the message to contain the parts, and the guide to contain the message, apart from its numbers. */
function expectDocumented(message: string, ...parts: string[]): void {
  const said = message.trim().replaceAll(`${folder}/`, 'models/');
  for (const part of parts) expect(said).toContain(part);
  expect(withoutFigures(docs)).toContain(withoutFigures(said));
}

function written(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

function check(name: string, ...options: string[]): ReturnType<typeof runCli> {
  return runCli('check', join(folder, `${name}.onnx`), ...options);
}

/** What `inspect` says about batching: whether requests share runs and, if they do not, why. */
function batching(name: string): string {
  return runCli('inspect', join(folder, `${name}.onnx`)).stdout.match(/^batching +(.*)$/m)![1]!;
}

function describePitfalls(script: Script, body: () => void): void {
  describeWith(script, script, () => {
    beforeAll(() => void runScript(script, join(__dirname, 'pitfalls'), folder));
    body();
  });
}

describePitfalls('scikit_learn', () => {
  test('a map for probabilities', () => {
    expectDocumented(check('zipmap').stderr, '"output_probability" is of type sequence', '[not-a-tensor]');
  });

  test('M23 a first dimension without a name does not prevent shared runs', () => {
    expect(batching('unnamed')).toBe('independent: requests may share runs');
  });

  test('float64 at the input', async () => {
    const server = await ServedModel.start(join(folder, 'float64.onnx'));
    try {
      const request = { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] }] };
      const { status, body } = await server.infer(request);
      expect(status).toBe(400);
      expectDocumented(body.error, 'FP64');
    } finally {
      await server.stop();
    }
  });

  test('a scaler before trees', () => {
    expectDocumented(check('scaled-forest').stderr, 'differing elements out of 225', '[golden-drift]');
    expect(check('forest')).toMatchObject({ code: 0, stderr: '' });
  });

  test('a picture that is not converted as in training', () => {
    const levels = JSON.parse(written('digit.levels.json')) as number[];
    const rows = Array.from({ length: 8 }, (_, row) => levels.slice(8 * row, 8 * row + 8));
    writeFileSync(join(folder, 'digit.png'), png('gray', 8, rows));
    const checkWith = (picture: object) => {
      const preprocessing = join(folder, 'digit.preprocessing.json');
      writeFileSync(preprocessing, JSON.stringify({ picture: { color: 'gray', width: 8, ...picture } }));
      return check('digit', '--preprocessing', preprocessing);
    };
    expect(checkWith({ scale: 1 })).toMatchObject({ code: 0, stderr: '' });
    expect(checkWith({ scale: 1, invert: true }).stderr).toContain('[golden-drift]');
    expect(checkWith({}).stderr).toMatch(
      /example "a zero": output "probabilities" at .* fix the conversion or the picture prop\. .*\[golden-drift\]/,
    );
  });
});

describePitfalls('xgboost_model', () => {
  test.each([
    ['float64', 'DoubleTensorType'],
    ['missing', 'missing values are not nan'],
    ['feature-names', 'should follow pattern'],
  ])('%s', (name, part) => {
    expectDocumented(written(`${name}.txt`), part);
  });

  test("a regressor's column", () => {
    expectDocumented(check('regressor').stderr, '[golden-mismatch]');
  });
});

describePitfalls('pytorch', () => {
  const newExporter = hasNewExporter();

  function testNew(what: string, body: () => void): void {
    if (newExporter) test(what, body);
    else test.skip(`${what} (skipped: this PyTorch has only the exporter of 1.13)`, body);
  }

  test('a network in training mode', () => {
    expectDocumented(check('training').stderr, '[golden-drift]');
  });

  testNew('a warning about training mode', () => {
    expectDocumented(written('training.txt'), 'in training mode');
  });

  test('fixed sizes', () => {
    expectDocumented(batching('fixed'), 'has a fixed first dimension');
  });

  testNew('weights in a separate file', () => {
    expect(check('external')).toMatchObject({ code: 0, stderr: '' });
    rmSync(join(folder, 'external.onnx.data'));
    expectDocumented(check('external').stderr, '[external-data-missing]');
  });
});
