import { join } from 'node:path';
import { ModelServingError } from '../../lib/base/errors';
import { LocalStage } from '../../lib/local/local-stage';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { TrialFailure, TrialProcess } from '../../lib/measuring/trial-process';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(writeOnnxModel(join(folder, 'm.onnx'), identity('float', ['batch', 'width'])));
const { signal } = new AbortController();
let stage: LocalStage;
let trial: TrialProcess;

beforeEach(() => {
  stage = LocalStage.of(model);
  trial = new TrialProcess({ stage, path: 'm.onnx', dimensions: { width: 3 }, signal });
});

afterEach(async () => {
  await trial.close();
  stage.remove();
});

test('the process answers one call after the other', async () => {
  expect(await trial.call('', 'load', 1)).toEqual({ seconds: expect.any(Number), cpus: expect.any(Number) });
  expect(await trial.call('', 'warmUp')).toEqual({ seconds: expect.any(Number), dimensions: { width: 3 } });
  expect(await trial.call('', 'run', 2, 0, 4)).toHaveLength(4);
  const { headers, body } = await trial.call('', 'request');
  expect(headers).toEqual({ 'content-type': 'application/json' });
  expect(JSON.parse(Buffer.from(body).toString())).toEqual({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3].map((i) => expect.closeTo(Math.sin(i))) }],
  });
});

test('the process continues after a call that fails', async () => {
  await expect(trial.call('', 'run', 1, 0, 1)).rejects.toEqual(new TrialFailure('load the model first'));
  expect(await trial.call('', 'load', 1)).toMatchObject({ seconds: expect.any(Number) });
});

test('the process reports how it ended and what it was doing', async () => {
  await trial.call('', 'load', 1);
  await trial.close();
  const error = await trial.call('while it ran batches of 8 rows', 'run', 8, 0, 1).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelServingError);
  expect((error as Error).message).toBe(
    'm.onnx: the process that measures the model terminated with SIGKILL while it ran batches of 8 rows. If memory ran out, lower --max-batch or measure on a larger machine. [trial-process-ended]',
  );
});
