import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { modelFolder } from '../../support/model-folder';
import { identity } from '../../support/onnx-builder';
import { floats, rounds, roundsFor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

describe('shutdown', () => {
  test('S3 answers every request under constant load through SIGTERM', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { drainSeconds: 2 });
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const options = { agent, method: 'POST', headers: { 'content-type': 'application/json' } };
    const answers: string[] = [];
    let closing = 0;
    const send = () =>
      new Promise<void>((resolve) => {
        const sent = request(`${server.url}/v2/models/m/infer`, options, (response) => {
          answers.push(String(response.statusCode));
          if (response.headers.connection === 'close') closing++;
          response.resume().on('end', resolve);
        });
        sent.on('error', (error) => {
          answers.push(error.message);
          resolve();
        });
        sent.end(JSON.stringify(floats(1, 2, 3)));
      });
    // Clients behave like a load balancer, which stops sending shortly after the server reports that it is not ready.
    let ready = true;
    const clients = Array.from({ length: 8 }, async () => {
      while (ready) await send();
    });
    while (answers.length < 50) await sleep(10);
    const end = server.stop();
    while ((await server.get('/v2/health/ready')).status === 200) await sleep(10);
    expect((await server.get('/v2/health/live')).status).toBe(200);
    while (closing < 8 && new Set(answers).size === 1) await sleep(10);
    ready = false;
    await Promise.all(clients);
    expect(await end).toBe(0);
    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(closing).toBeGreaterThanOrEqual(8);
    expect(server.log.slice(-2)).toMatchObject([
      { msg: 'shutting down', signal: 'SIGTERM', drainSeconds: 2 },
      { msg: 'stopped' },
    ]);
    agent.destroy();
  });

  test('S4 an idle server exits soon with 0, whatever connections are open', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    await server.infer(floats(1));
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const start = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - start).toBeLessThan(3000);
    silent.destroy();
  });

  test('drops a request whose client stalls', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    const stalled = connect(Number(new URL(server.url).port), '127.0.0.1');
    stalled.write(
      'POST /v2/models/m/infer HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    await sleep(100);
    const start = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - start).toBeGreaterThan(9_000);
    stalled.destroy();
  });

  test('a client that trickles delays shutdown at most by the queue timeout', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { queueTimeoutSeconds: 1 });
    const trickling = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    trickling.write('POST /v2/models/m/infer HTTP/1.1\r\nHost: m\r\nContent-Length: 900\r\n\r\n{');
    const timer = setInterval(() => trickling.write(' '), 100);
    await sleep(300);
    const start = performance.now();
    expect(await server.stop('SIGINT')).toBe(0);
    expect(performance.now() - start).toBeLessThan(8000);
    clearInterval(timer);
    trickling.destroy();
  });

  test('waits for running and waiting requests', async () => {
    const server = await ServerProcess.start(slowModel());
    const n = await roundsFor(server, 0.5);
    const replies = [server.infer(rounds(n)), server.infer(rounds(n))];
    await Promise.race([server.seriesReaches('inference_in_flight', 2), Promise.all(replies)]);
    expect(await server.stop('SIGINT')).toBe(0);
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('a second signal drops waiting requests but never interrupts a run', async () => {
    const server = await ServerProcess.start(slowModel(), { drainSeconds: 60 });
    const n = await roundsFor(server, 0.5);
    const replies = [server.infer(rounds(n)), server.infer(rounds(n))];
    await Promise.race([server.seriesReaches('inference_in_flight', 2), Promise.all(replies)]);
    server.process.kill('SIGTERM');
    await server.waitForLog(({ msg }) => msg === 'shutting down');
    const start = performance.now();
    expect(await server.stop('SIGTERM')).toBe(0);
    expect(performance.now() - start).toBeLessThan(3000);
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 503]);
  });

  test('completes a reply that is read slowly', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    const values = 4_000_000;
    const x = { name: 'x', datatype: 'FP32', shape: [values], data: new Array(values).fill(0.5) };
    const body = JSON.stringify({ inputs: [x] });
    let received = 0;
    const done = new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const sent = request(`${server.url}/v2/models/m/infer`, { method: 'POST', headers }, (response) => {
        response.on('data', (chunk: Buffer) => {
          received += chunk.length;
          response.pause();
          setTimeout(() => response.resume(), 2);
        });
        response.on('end', () => resolve(Number(response.headers['content-length'])));
        response.on('error', reject);
      });
      sent.on('error', reject).end(body);
    });
    while (received === 0) await sleep(5);
    const [length, code] = await Promise.all([done, server.stop()]);
    expect([received, code]).toEqual([length, 0]);
  });

  test('with a failed model: no drain, exit code 1, and the cause as the last log line', async () => {
    const x = { name: 'x', datatype: 'FP32' as const, shape: [1], data: [1] };
    const examples = [
      { name: 'first', request: { inputs: [x] }, response: { outputs: [{ ...x, name: 'y', data: [2.5] }] } },
    ];
    const server = await ServerProcess.start(identity('float', ['n']), { drainSeconds: 60 }, { examples });
    expect(await server.stop()).toBe(1);
    expect(server.log.at(-1)).toMatchObject({
      level: 'error',
      msg: 'the model is not served',
      error: expect.stringContaining('golden example "first": output "y" at [0] is 1; expected 2.5'),
    });
  });

  test('with a model that the deployment does not expect: also no drain, exit code 1, and the cause as the last log line', async () => {
    const expectedSha256 = '0'.repeat(64);
    const server = await ServerProcess.start(identity('float', ['n']), { drainSeconds: 60, expectedSha256 });
    expect(await server.stop()).toBe(1);
    expect(server.log.at(-1)).toMatchObject({
      level: 'error',
      msg: 'the model is not served',
      error: expect.stringContaining(`the deployment expects model ${expectedSha256}; this image contains `),
    });
  });

  test.each(['starting', 'listening'])('during startup, after the log line %s', async (message) => {
    const server = ServerProcess.spawn(modelFolder(identity('float', ['n'])));
    await server.waitForLog(({ msg }) => msg === message);
    expect(await server.stop()).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ level: 'info', msg: 'stopped' });
  });

  test('works ten times with runs on both threads', async () => {
    const end = async () => {
      const server = await ServerProcess.start(identity('float', ['n']));
      const load = Array.from({ length: 20 }, (_, k) => server.infer(floats(...new Array(1 + k * 1000).fill(1))));
      const replies = Promise.allSettled(load);
      await Promise.race(load);
      expect(await server.stop('SIGINT')).toBe(0);
      await replies;
    };
    for (let i = 0; i < 5; i++) await Promise.all([end(), end()]);
  });
});
