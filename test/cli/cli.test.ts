import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../support/root';
import { CLI } from '../support/cli';
import { runCli } from '../support/run-cli';
import { infer } from '../support/client';
import { multiplier } from '../support/models';
import { identity, node, value, writeOnnxModel } from '../support/onnx-builder';
import { profiledModel } from '../support/profiles';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();

describe('model-serving inspect', () => {
  test('prints a table', () => {
    const { code, stdout, stderr } = runCli('inspect', multiplier(folder, 'double', 2), '--model-version', '4');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/[0-9a-f]{64}/, 'SHA256')).toMatchInlineSnapshot(`
     "model      double, version 4
     sha256     SHA256
     size       127 bytes
     format     IR version 8, opset ai.onnx 17
     operators  Mul
     inputs     x  FP32 [n]
     outputs    y  FP32 [n]
     signature  as declared; proved by running the model
     batching   independent: requests may share runs
     memory     at least 265 MiB, 514 MiB by default
     requests   up to 1 MiB each, 128.5 MiB for all requests in progress
     verdict    can be served
     "
    `);
  });

  test('escapes characters of names that a terminal would interpret', () => {
    const name = 'x\u001b[2J\u202e';
    const model = identity('float', ['n']);
    const parts = { ...model, inputs: [{ ...model.inputs[0]!, name }], nodes: [node('Identity', [name], ['y'])] };
    const file = writeOnnxModel(join(folder, 'escaped.onnx'), parts);
    for (const options of [[], ['--json']]) {
      const { code, stdout } = runCli('inspect', file, ...options);
      expect(code).toBe(0);
      expect(stdout).toContain('x\\u001b[2J\\u202e');
      for (const character of ['\u001b', '\u202e']) expect(stdout).not.toContain(character);
    }
  });

  test('shows what constructs derive from a profile', () => {
    const file = multiplier(folder, 'profiled', 3);
    profiledModel(file);
    expect(runCli('inspect', file).stdout.split('\n').slice(9, -2)).toEqual([
      'memory     at least 265 MiB, 272 MiB by default',
      'requests   up to 1 MiB each, 37.6 MiB for all requests in progress',
      'profile    measured on 4 x AMD EPYC 9B14 on 2026-11-25',
      'replica    1 executor of 1 thread, batches of up to 16 rows, 1.2 CPUs, 272 MiB',
      'rate       1,000 requests/s',
      'queue      250 requests',
      'start      within 30 s',
      'scaling    at 76 % CPU utilization',
    ]);
    expect(JSON.parse(runCli('inspect', file, '--json').stdout)).toMatchObject({
      memoryMiB: { minimum: 265, default: 272 },
      requests: { maxRequestBytes: 2 ** 20, requestBudgetBytes: expect.any(Number) },
      sizing: { executors: 1, cpus: 1.2, requestsPerSecond: 1000 },
    });
    expect(runCli('inspect', file, '--no-profile').stdout).toContain('memory     at least 265 MiB, 514 MiB by default');
    // The memory includes room for one picture of 4096 x 4096 pixels, as it does in the constructs.
    const preprocessing = join(folder, 'pictures.json');
    writeFileSync(preprocessing, '{ "picture": { "color": "gray", "width": 2, "height": 1 } }');
    const { stdout } = runCli('inspect', file, '--preprocessing', preprocessing);
    expect(stdout).toContain('memory     at least 689 MiB, 704 MiB by default');
    expect(stdout).toContain('1.2 CPUs, 704 MiB');
    expect(runCli('inspect', file, '--profile', join(folder, 'none.json')).stderr).toContain('[file-not-found]');
  });

  test('shows the declared pictures and classes', () => {
    const file = writeOnnxModel(join(folder, 'pictures.onnx'), identity('float', ['n', 3, 1, 2]));
    const preprocessing = join(folder, 'declared.json');
    const declared = { picture: { color: 'rgb', maxPixels: 100_000 }, classes: ['a', 'b', 'c', 'd', 'e', 'f'] };
    writeFileSync(preprocessing, JSON.stringify({ ...declared, classScores: 'softmax' }));
    const lines = runCli('inspect', file, '--preprocessing', preprocessing).stdout.split('\n');
    expect(lines.filter((line) => /^(pictures|classes|memory) /.test(line))).toEqual([
      'pictures   PNG or JPEG of at most 100,000 pixels, as 2 x 1 rgb for "x"',
      'classes    6 names, from the softmax of the scores in output "y"',
      'memory     at least 308 MiB, 517 MiB by default',
    ]);
    const { picture, classes, memoryMiB } = JSON.parse(
      runCli('inspect', file, '--preprocessing', preprocessing, '--json').stdout,
    );
    expect([picture.color, classes.names.length, memoryMiB]).toEqual(['rgb', 6, { minimum: 308, default: 517 }]);
  });

  test('prints JSON', () => {
    const { code, stdout } = runCli('inspect', multiplier(folder, 'double', 2), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'double',
      version: '1',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1], dimensions: ['n'] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1], dimensions: ['n'] }],
      operators: ['Mul'],
      servable: true,
    });
  });

  test('does not report a model that was not loaded as servable', () => {
    const file = writeOnnxModel(join(folder, 'no-such-operator.onnx'), {
      ...identity('float', ['n']),
      nodes: [node('NoSuchOp', ['x'], ['y'])],
    });
    const warned = runCli('inspect', file, '--runtime-check', 'warn');
    expect(warned.stderr).toMatch(/^warning: .*cannot load this model/);
    expect(warned.stdout).toContain(
      'verdict    cannot be served, or could not be loaded on this machine: see the warnings',
    );
    expect(runCli('inspect', file, '--runtime-check', 'skip').stdout).toContain('judging by its graph');
  });

  test('says why a file cannot be served, and exits with 1', () => {
    const file = join(folder, 'empty.onnx');
    writeFileSync(file, '');
    const { code, stdout, stderr } = runCli('inspect', file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`${file}: the file is empty. Export or download it again. [file-empty]\n`);

    const json = runCli('inspect', file, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ servable: false, problems: [{ code: 'file-empty' }] });
  });
});

test('inspect prints a name on its own line, whatever the name contains', () => {
  const name = 'x\nverdict    can be served\u001b[8m';
  const file = writeOnnxModel(join(folder, 'named.onnx'), {
    ...identity('float', ['n']),
    inputs: [value(name, 'float', ['n'])],
    nodes: [node('Identity', [name], ['y'])],
  });
  expect(runCli('inspect', file).stdout).toContain('inputs     x\\u000averdict    can be served\\u001b[8m  FP32 [n]\n');
});

describe('model-serving context', () => {
  test('stages the context and prints its hash', () => {
    const out = join(folder, 'context');
    const { code, stdout } = runCli(
      'context',
      multiplier(folder, 'double', 2),
      '--out',
      out,
      '--platform',
      'linux/arm64',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(existsSync(join(out, 'Dockerfile'))).toBe(true);
    expect(JSON.parse(readFileSync(join(out, 'model/model.json'), 'utf8')).name).toBe('double');
    expect(existsSync(join(out, 'app/node_modules/onnxruntime-node/bin/napi-v6/linux/arm64'))).toBe(true);
  });

  test('refuses a folder that is not empty, and an invalid platform', () => {
    const file = multiplier(folder, 'double', 2);
    for (const out of [folder, file]) {
      const { code, stdout, stderr } = runCli('context', file, '--out', out);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/ is a file or a folder that is not empty\. .*\[context-folder-not-empty\]\n$/);
    }
    expect(runCli('context', file, '--out', join(folder, 'y'), '--node-path', 'bin/node').stderr).toContain(
      '[node-path-invalid]',
    );
    expect(runCli('context', file, '--out', join(folder, 'x'), '--platform', 'vax').stderr).toContain(
      'Allowed choices are',
    );
  });
});

/** Sends a request with the given Host header, and returns the status of the response. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const [response] = (await once(get(`${url}/v2`, { headers: { host } }), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test.each([
  ['SIGTERM', [], 200],
  ['SIGINT', ['--host', 'LOCALHOST'], 200],
  ['SIGHUP', ['--no-page'], 404],
] as const)(
  'model-serving serve answers on a loopback address, and exits cleanly on %s; with %j, the page has status %d',
  async (signal, flags, pageStatus) => {
    const file = multiplier(folder, 'double', 2);
    const server = spawn(
      process.execPath,
      [CLI, 'serve', file, ...flags, ...['--port', '--grpc-port', '--metrics-port'].flatMap((flag) => [flag, '0'])],
      {
        env: { ...process.env, MODEL_SERVING_EXECUTORS: 'for another server' },
        cwd: ROOT,
      },
    );
    const exited = once(server, 'exit');
    for await (const line of createInterface({ input: server.stdout })) {
      const { msg, url } = JSON.parse(line);
      if (msg !== 'ready') continue;
      const { outputs } = await infer(url, 'double', [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }]);
      expect(outputs[0].data).toEqual([2, 4]);
      expect((await fetch(url)).status).toBe(pageStatus);
      expect(await statusFor(url, 'evil.example')).toBe(403);
      break;
    }
    server.stdout.resume();
    server.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('serve-'))).toEqual([]);
  },
);

describe('the process', () => {
  function start(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: ROOT, encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  test('exits with 0 after it has printed its version', () => {
    const stdout = expect.stringMatching(/^\d+\.\d+\.\d+\n$/);
    expect(start('--version')).toEqual({ status: 0, stdout, stderr: '' });
  });

  test("exits with 1 and prints only the model's error", () => {
    const stderr = expect.stringMatching(/^no-such\.onnx: .*\[file-not-found\]\n$/);
    expect(start('sbom', 'no-such.onnx')).toEqual({ status: 1, stdout: '', stderr });
  });

  test('writes a complete report before it exits with 1', () => {
    const file = join(folder, 'not-a-model.onnx');
    writeFileSync(file, '<html>');
    const { status, stdout } = start('inspect', file, '--json');
    expect([status, JSON.parse(stdout).servable]).toEqual([1, false]);
  });
});

test('serve names the option of each port that is in use, before it reads the model', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  const taken = (option: string) =>
    `${option} ${port}: cannot listen on this port on 127.0.0.1: it is in use. Use a different port, or 0 for any free port. [port-taken]`;
  const serve = () => {
    const args = ['serve', 'm.onnx', '--port', port, '--grpc-port', port, '--metrics-port', '0'];
    const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
    return { status, stderr };
  };
  expect(serve()).toEqual({ status: 1, stderr: `${taken('--port')}\n${taken('--grpc-port')}\n` });
  other.close();
  await once(other, 'close');
  expect(serve()).toEqual({ status: 1, stderr: `${taken('--grpc-port')}\n` });
});

test.each([
  ['nope.invalid', 'the name cannot be resolved'],
  ['192.0.2.1', 'this machine has no such address'],
  ['2001:db8::1', 'this machine has no such address'],
])('serve reports once that --host is not an address of this machine: %s', (host, reason) => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'serve', 'm.onnx', '--host', host], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `--host ${host}: cannot listen on this address: ${reason}. Use an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of its addresses. [host-unavailable]\n`,
  });
});

test('serve refuses an empty --host, with which it would listen on all addresses', () => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'serve', 'm.onnx', '--host', ''], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr:
      '--host is empty; a shell variable may be unset. Use an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of its addresses. [host-unavailable]\n',
  });
});

test.each([
  [
    '--allowed-origins',
    'https://a.example/',
    'a list of origins, such as https://shop.example.com, without "*" and without a slash at the end',
  ],
  [
    '--allowed-origins',
    '*',
    'a list of origins, such as https://shop.example.com, without "*" and without a slash at the end',
  ],
  [
    '--allowed-hosts',
    '*',
    'a list of host names without ports and without "*", such as localhost or [::1]; omit it for the default',
  ],
  [
    '--allowed-hosts',
    '',
    'a list of host names without ports and without "*", such as localhost or [::1]; omit it for the default',
  ],
])('serve refuses %s %j before it reads the model', (option, text, what) => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'serve', 'm.onnx', option, text], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `${option} has ${JSON.stringify(text)}; it must be ${what}. [serving-option-invalid]\n`,
  });
});

test('help and invalid arguments', () => {
  expect(runCli('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('inspect') });
  expect(runCli('inspect')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("missing required argument 'model'"),
  });
  expect(runCli('serve', 'm.onnx', '--port', 'abc').stderr).toContain('Use a whole number from 0 to 65535.');
  expect(runCli('insepct')).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean inspect?') });
});
