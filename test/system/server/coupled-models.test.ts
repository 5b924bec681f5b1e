import type { BatchingVerdict } from '../../../inference-image/src/contract/batching-verdict';
import type { Settings } from '../../../inference-image/src/contract/settings';
import { SHOWN_BY_CERTAIN_VALUES, SHOWN_BY_TRIAL, type CoupledModel } from '../../support/coupled-models';
import { node } from '../../support/onnx-builder';
import { ServerProcess, type LogLine } from '../../support/server';

const INDEPENDENT: BatchingVerdict = { verdict: 'independent', inputAxes: [0], outputAxes: [0] };

const notShared = (line: LogLine) => line.msg === 'requests do not share runs';

async function executions(server: ServerProcess): Promise<{ runs: number; rows: number }> {
  const [stats] = (await server.get('/v2/models/m/stats')).body.model_stats;
  return { runs: stats.execution_count, rows: stats.inference_count };
}

function requestsTo({ parts, requests }: CoupledModel) {
  const { elemType } = (parts.inputs[0] as any).type.tensorType;
  const datatype = { 1: 'FP32', 7: 'INT64', 8: 'BYTES' }[elemType as number];
  return requests.map((request) => ({ inputs: [{ name: 'x', datatype, ...request }] }));
}

/** Sends each request alone, and then all of them many times at once. Expects the same answers. */
async function answersAsAlone(server: ServerProcess, model: CoupledModel): Promise<void> {
  const requests = requestsTo(model);
  const alone: unknown[] = [];
  for (const request of requests) alone.push((await server.infer(request)).body.outputs);
  const before = await executions(server);
  const order = Array.from({ length: 24 }, (_, i) => (i * i + i) % requests.length);
  const together = await Promise.all(order.map(async (i) => (await server.infer(requests[i])).body.outputs));
  expect(together).toEqual(order.map((i) => alone[i]));
  expect((await executions(server)).runs - before.runs).toBe(24);
}

const ALL = Object.entries({ ...SHOWN_BY_TRIAL, ...SHOWN_BY_CERTAIN_VALUES });

describe('M8, M22 if the verdict is coupled, no answer depends on other callers', () => {
  test.each(ALL)('%s', async (_, model) => {
    const obstacle = { node: model.node, operator: model.operator, reason: 'takes all rows together' };
    const batching: BatchingVerdict = { verdict: 'coupled', ...obstacle };
    const server = await ServerProcess.start(model.parts, {}, { batching });
    expect(server.log.find(notShared)).toMatchObject({
      level: 'info',
      reason: `node "${model.node}" (${model.operator}) takes all rows together`,
    });
    await answersAsAlone(server, model);
    expect((await server.get('/v2/models/m/config')).body).toMatchObject({
      max_batch_size: 0,
      parameters: {
        row_independence: { string_value: 'coupled' },
        row_independence_node: { string_value: model.node },
        row_independence_operator: { string_value: model.operator },
        row_independence_reason: { string_value: 'takes all rows together' },
        max_shared_rows: { string_value: '1' },
      },
    });
  });
});

test('an incomplete proof', async () => {
  const batching: BatchingVerdict = { verdict: 'not understood', node: 'kept', operator: 'Compress', reason: 'why' };
  const server = await ServerProcess.start(SHOWN_BY_TRIAL.brightCandidates.parts, { maxBatchSize: 8 }, { batching });
  expect(server.log.find(notShared)).toMatchObject({
    level: 'warn',
    reason: 'it is not proved that rows are independent; the proof stops at node "kept" (Compress): why',
  });
});

describe('M8, M22 the trial at start detects a wrong verdict of independent', () => {
  test.each(Object.entries(SHOWN_BY_TRIAL))('%s', async (_, model) => {
    const server = await ServerProcess.start(model.parts, { maxBatchSize: 16 }, { batching: INDEPENDENT });
    expect(server.log.find(notShared)).toMatchObject({
      level: 'warn',
      reason: expect.stringMatching(
        /^(in a batch of \d+, output "y" differs from the output for the same row alone|for \d row(s)?, output "y" has shape)/,
      ),
    });
    await answersAsAlone(server, model);
  });

  test.each(Object.entries(SHOWN_BY_CERTAIN_VALUES))('%s, by its golden examples', async (_, model) => {
    const honest = await ServerProcess.start(model.parts, {}, { batching: null });
    const examples = [];
    for (const [i, request] of requestsTo(model).entries()) {
      const { outputs } = (await honest.infer(request)).body;
      examples.push({ name: String(i), request, response: { outputs } } as any);
    }
    const server = await ServerProcess.start(model.parts, {}, { batching: INDEPENDENT, examples });
    expect(server.log.find(notShared)?.reason).toMatch(/^in a batch of 3, output "y" /);
    await answersAsAlone(server, model);
  });

  test('random numbers', async () => {
    const { parts } = SHOWN_BY_TRIAL.softmaxOverRows;
    const random = { ...parts, nodes: [node('RandomUniformLike', ['x'], ['r']), node('Add', ['x', 'r'], ['y'])] };
    const server = await ServerProcess.start(random, {}, { batching: INDEPENDENT });
    expect(server.log.find(notShared)?.reason).toMatch(/^in a batch of 2, output "y" differs/);
  });
});

describe('M8 an output without one row for each row ends sharing, even if independence is assumed', () => {
  const model = SHOWN_BY_TRIAL.brightCandidates;
  const [two, none, one] = requestsTo(model);
  const settings: Partial<Settings> = { maxBatchSize: 8, rowIndependence: 'assume' };

  test.each([
    ['none', none, [0, 2]],
    ['two', two, [2, 2]],
  ])('in a run alone: %s', async (_, request, shape) => {
    const server = await ServerProcess.start(model.parts, settings, { batching: null });
    const maximum = async () => (await server.get('/v2/models/m/config')).body.max_batch_size;
    await server.infer(one);
    expect([server.log.filter(notShared), await maximum()]).toEqual([[], 8]);
    for (let i = 0; i < 2; i++) expect((await server.infer(request)).body.outputs[0].shape).toEqual(shape);
    expect(server.log.filter(notShared)).toMatchObject([
      { level: 'error', reason: `for 1 row, output "y" has shape [${shape}]` },
    ]);
    expect(await maximum()).toBe(0);
    await answersAsAlone(server, model);
  });
});
