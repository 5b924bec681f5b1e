import { status } from '@grpc/grpc-js';
import { floatsOf, GrpcClient, rawRounds } from '../../support/grpc-client';
import { roundsFor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

test('S11 a full queue is RESOURCE_EXHAUSTED at once, and health checks are answered', async () => {
  const server = await ServerProcess.start(slowModel(), { maxQueueLength: 2 });
  const client = new GrpcClient(server.grpcTarget);
  const n = await roundsFor(server, 0.6);
  const answers = Array.from({ length: 6 }, () =>
    client.call('ModelInfer', rawRounds(n)).then(
      (reply) => String(floatsOf(reply)),
      ({ code, details }) => `${code}: ${details}`,
    ),
  );
  expect(await client.call('grpc.health.v1.Health.Check')).toEqual({ status: 1 });
  const refusal = `${status.RESOURCE_EXHAUSTED}: the queue is full: 2 requests are waiting`;
  expect((await Promise.all(answers)).sort()).toEqual(
    [String(n), String(n), String(n), refusal, refusal, refusal].sort(),
  );
});

test.each([
  ['has disconnected', undefined, { code: status.CANCELLED, details: 'Cancelled on client' }],
  ['has waited until its deadline', 200, { code: status.DEADLINE_EXCEEDED, details: expect.any(String) }],
])('a call whose client %s never runs', async (_, deadlineMs, failure) => {
  const server = await ServerProcess.start(slowModel());
  const client = new GrpcClient(server.grpcTarget);
  const n = await roundsFor(server, 1.5);
  const before = await server.series('inference_run_duration_seconds_count');
  const first = client.call('ModelInfer', rawRounds(n));
  await server.seriesReaches('inference_running', 1);
  const second = client.cancellable('ModelInfer', rawRounds(n), deadlineMs);
  await server.seriesReaches('inference_queue_length', 1);
  if (deadlineMs === undefined) second.cancel();
  expect(await second.failure).toEqual(failure);
  expect(floatsOf(await first)).toEqual([n]);
  await client.call('ModelInfer', rawRounds(1));
  expect((await server.series('inference_run_duration_seconds_count')) - before).toBe(2);
  const outcome = deadlineMs === undefined ? 'cancelled' : 'timeout';
  const failed = (await server.metrics()).match(/^inference_requests_total\{.*outcome="(?!success).*"\} [1-9].*$/gm);
  expect(failed).toEqual([expect.stringMatching(new RegExp(`outcome="${outcome}"} 1$`))]);
});

test('a call that waits too long is DEADLINE_EXCEEDED', async () => {
  const server = await ServerProcess.start(slowModel(), { queueTimeoutSeconds: 0.1 });
  const client = new GrpcClient(server.grpcTarget);
  const n = await roundsFor(server, 0.6);
  const first = client.call('ModelInfer', rawRounds(n));
  await server.seriesReaches('inference_running', 1);
  expect(await client.failure('ModelInfer', rawRounds(n))).toEqual({
    code: status.DEADLINE_EXCEEDED,
    details: 'no executor was free within 0.1 s',
  });
  expect(floatsOf(await first)).toEqual([n]);
});

test('a call whose own timeout passes before its run is DEADLINE_EXCEEDED', async () => {
  const server = await ServerProcess.start(slowModel());
  const client = new GrpcClient(server.grpcTarget);
  const n = await roundsFor(server, 0.6);
  const first = client.call('ModelInfer', rawRounds(n));
  await server.seriesReaches('inference_running', 1);
  const parameters = { timeout: { int64_param: 50_000 } };
  expect(await client.failure('ModelInfer', { ...rawRounds(n), parameters })).toEqual({
    code: status.DEADLINE_EXCEEDED,
    details: expect.any(String),
  });
  expect(floatsOf(await first)).toEqual([n]);
});
