import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../support/root';
import { BuildContext } from '../../../lib/container-image/build-context';
import { OnnxModel } from '../../../lib/onnx-model/onnx-model';
import { infer } from '../../support/client';
import { docker } from '../../support/container/docker';
import { goldenSeven } from '../../support/golden-seven';
import { multiplier } from '../../support/models';
import { temporaryFolder } from '../../support/temporary-folder';

const HARDENED = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges:true', '--user=65532:65532'];

/** Path of a CUDA file that the installation of onnxruntime-node adds on a machine with CUDA. */
const PLANTED = join(
  dirname(require.resolve('onnxruntime-node/package.json')),
  'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so',
);

const folder = temporaryFolder();
const containers: string[] = [];

/** Builds the image of a model without network access, from a folder that contains nothing else. */
function build(model: OnnxModel): string {
  const context = BuildContext.of({ model, platform: 'linux/amd64', nodePath: '/usr/local/bin/node' });
  const target = join(folder, context.hash);
  context.stage(target);
  const tag = `model-serving-test:${context.hash.slice(0, 16)}`;
  docker('build', '--quiet', '--network=none', '--tag', tag, target);
  return tag;
}

async function run(image: string, ...flags: string[]): Promise<{ id: string; url: string }> {
  const id = docker('run', '--detach', '--publish=127.0.0.1::8080', ...HARDENED, ...flags, image);
  containers.push(id);
  const url = `http://${docker('port', id, '8080/tcp')}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const ready = await fetch(`${url}/v2/health/ready`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    if (ready?.status === 200) return { id, url };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never ready:\n${docker('logs', id)}`);
}

afterAll(() => {
  rmSync(PLANTED, { force: true });
  if (containers.length > 0) docker('rm', '--force', ...containers);
});

test('D2 builds with no network from a private file, beside CUDA files, runs hardened, and answers', async () => {
  const file = multiplier(folder, 'private', 2);
  chmodSync(file, 0o600);
  writeFileSync(PLANTED, 'CUDA');
  const image = build(OnnxModel.fromFile(file));
  rmSync(PLANTED);
  const { id, url } = await run(image, '--network=bridge');
  const reply = await infer(url, 'private', [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }]);
  expect(reply.outputs[0]).toEqual({ name: 'y', datatype: 'FP32', shape: [2], data: [2, 4] });
  expect(docker('exec', id, '/usr/local/bin/node', '/app/healthcheck.cjs')).toBe('');
  const files = docker('exec', id, '/usr/local/bin/node', '-p', 'fs.readdirSync("/app", { recursive: true }).join()');
  expect(files).toContain('libonnxruntime.so.1');
  expect(files).not.toContain('cuda');
});

test('D4 D5 has a numeric user, and accepts 20 MB on a read-only root', async () => {
  const image = build(OnnxModel.fromFile(multiplier(folder, 'large-request', 2)));
  expect(docker('inspect', '--format={{.Config.User}}', image)).toBe('65532:65532');
  const { url } = await run(image, `--env=MODEL_SERVING_MAX_REQUEST_BYTES=${32 * 1024 * 1024}`);
  const values = 2_000_000;
  const reply = await infer(url, 'large-request', [
    { name: 'x', datatype: 'FP32', shape: [values], data: new Array(values).fill(1234.5678) },
  ]);
  expect(reply.outputs[0].data).toHaveLength(values);
});

test('S4 an idle container stops within 10 s with exit code 0, and logs it', async () => {
  const { id } = await run(
    build(OnnxModel.fromFile(multiplier(folder, 'idle', 2))),
    '--env=MODEL_SERVING_DRAIN_SECONDS=1',
  );
  const start = Date.now();
  docker('stop', '--time=10', id);
  expect(Date.now() - start).toBeLessThan(9_000);
  expect(docker('inspect', '--format={{.State.ExitCode}}', id)).toBe('0');
  expect(docker('logs', id)).toMatch(/"msg":"(shut down|stopped|shutdown)/);
});

test('S7 derives its threads from the CPU limit, and sets no affinity', async () => {
  const image = build(OnnxModel.fromFile(multiplier(folder, 'threads', 2)));
  for (const limit of ['--cpus=1', '--cpuset-cpus=0']) {
    const { id } = await run(image, limit);
    expect(docker('logs', id)).toMatch(/"threadsPerExecutor":1\b/);
    expect(docker('logs', id)).not.toMatch(/affinity/);
  }
});

test('M18 a golden value that is not reproduced prevents the container from becoming ready', async () => {
  const golden = join(folder, 'wrong.golden.json');
  const tensor = (name: string, data: number[]) => ({ name, datatype: 'FP32', shape: [1], data });
  const example = { name: 'two', request: { inputs: [tensor('x', [1])] }, response: { outputs: [tensor('y', [2.1])] } };
  writeFileSync(golden, JSON.stringify({ examples: [example] }));
  const image = build(OnnxModel.fromFile(multiplier(folder, 'drifted', 2), { golden, runtimeCheck: 'skip' }));
  await expect(run(image)).rejects.toThrow(/golden example .*two.* output .*y.* at \[0\] is 2; expected 2\.09999/);
});

test('the wrong image never becomes ready', async () => {
  const image = build(OnnxModel.fromFile(multiplier(folder, 'wrong-image', 2)));
  await expect(run(image, `--env=MODEL_SERVING_EXPECTED_SHA256=${'0'.repeat(64)}`)).rejects.toThrow(
    /never ready:[^]*0{64}/,
  );
});

test('T2 D7 a new model adds one layer of its size; the image adds at most 52 MB to its base', () => {
  const layersOf = (image: string) =>
    JSON.parse(docker('inspect', '--format={{json .RootFS.Layers}}', image)) as string[];
  const images = [2, 3].map((factor) => build(OnnxModel.fromFile(multiplier(folder, 'layers', factor))));
  const [one, two] = images.map(layersOf);
  expect(two!.filter((layer) => !one!.includes(layer))).toHaveLength(1);
  const sizeOf = (image: string) => Number(docker('inspect', '--format={{.Size}}', image));
  expect(sizeOf(images[0]!) - sizeOf('node:24-bookworm-slim')).toBeLessThan(52_000_000);
});

test('the card and the bill of materials can be read back from the image unchanged', async () => {
  const description = 'costs $5, or ${HOME}; "quoted", it\'s C:\\models\\ <<EOF # größer';
  const card = { description: `${description}\nsecond line`, license: 'MIT', metrics: { 'top 5': 0.99 } };
  const model = OnnxModel.fromFile(multiplier(folder, 'carded', 2), { card });
  const image = build(model);
  const labels = JSON.parse(docker('inspect', '--format={{json .Config.Labels}}', image));
  expect(labels).toMatchObject({
    'org.opencontainers.image.title': 'carded',
    'org.opencontainers.image.description': `${description} second line`,
    'org.opencontainers.image.licenses': 'MIT',
    'io.model-serving.model.metrics': '{"top 5":0.99}',
    'io.model-serving.sbom': '/model/sbom.cdx.json',
  });

  const { id, url } = await run(image);
  const metadata: unknown = await (await fetch(`${url}/v2/models/carded`)).json();
  expect(metadata).toMatchObject({
    properties: { description: card.description, license: 'MIT', 'metrics.top 5': '0.99' },
  });
  // Docker reports a container's labels together with those of its image.
  expect(JSON.parse(docker('inspect', '--format={{json .Config.Labels}}', id))).toEqual(labels);

  const copy = join(folder, 'copy.cdx.json');
  docker('cp', `${id}:${labels['io.model-serving.sbom']}`, copy);
  const text = readFileSync(copy, 'utf8');
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  const { components } = JSON.parse(text);
  expect(components[0]).toMatchObject({ name: 'carded', hashes: [{ content: model.sha256 }] });
  // The hashes in the document are those of the files in the image.
  const files = components.flatMap(({ components: nested = [] }: { components?: object[] }) => nested);
  expect(files.length).toBeGreaterThan(6);
  const names = JSON.stringify(files.map(({ name }: { name: string }) => name));
  const script = `for (const n of ${names}) console.log(crypto.createHash("sha256").update(fs.readFileSync(n)).digest("hex"))`;
  const hashes = docker('run', '--rm', '--entrypoint=/usr/local/bin/node', image, '-e', script).split('\n');
  expect(hashes).toEqual(files.map((file: { hashes: { content: string }[] }) => file.hashes[0]!.content));
  const mode = ['-p', `(fs.statSync("/model/sbom.cdx.json").mode & 0o777).toString(8)`];
  expect(docker('run', '--rm', '--entrypoint=/usr/local/bin/node', image, ...mode)).toBe('555');
});

test('after the golden picture, a picture is classified as curl sends it; and the page is served', async () => {
  const digits = join(ROOT, 'examples/digits');
  const { examples } = JSON.parse(readFileSync(join(digits, 'digits.golden.json'), 'utf8'));
  const golden = join(folder, 'digits.golden.json');
  writeFileSync(golden, JSON.stringify({ examples: [...examples, goldenSeven(folder)] }));
  const model = OnnxModel.fromFile(join(digits, 'digits.onnx'), {
    golden,
    picture: { color: 'rgb', mean: 0.5, std: 0.5, maxPixels: 4_000_000 },
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  });
  const { url } = await run(build(model), '--memory=606m', '--env=MODEL_SERVING_PAGE=true');
  for (const digit of ['3', '7']) {
    const reply = await fetch(`${url}/v2/models/digits/classify`, {
      method: 'POST',
      // curl --data-binary sends this content type for every file.
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: readFileSync(join(digits, 'pictures', `${digit}.png`)),
    });
    expect([reply.status, await reply.json()]).toEqual([200, expect.objectContaining({ class: digit })]);
  }
  const page = await fetch(url);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const files = docker('exec', containers.at(-1)!, '/usr/local/bin/node', '-p', 'fs.readdirSync("/tmp").join()');
  expect(files).toBe('');
});
