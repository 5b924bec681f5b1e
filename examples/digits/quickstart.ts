/**
 * Serves the committed model on this machine without Docker: synthesizes the stack, runs the image's files as a
 * process, and sends ten digits that the model was not trained on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { App } from 'cdktf';
import { drawDigit, sideBySide, softmax } from './drawing';
import { DigitsStack } from './stack';

interface Sample {
  label: number;
  request: { inputs: { data: number[] }[] };
}

interface Answer {
  digit: number;
  confidence: number;
  milliseconds: number;
}

const MODEL = join(__dirname, 'digits.onnx');
const CLI = join(__dirname, '..', '..', 'lib', 'cli', 'main.ts');

async function quickstart(): Promise<void> {
  describePlan();

  const server = startServer();
  const exited = once(server, 'exit');
  try {
    const url = await urlOf(server);
    await classifySamples(url);
  } finally {
    server.kill('SIGTERM');
  }
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`The server exited with code ${code}.`);

  console.log('\nThe server stopped cleanly. Next:');
  console.log(
    '  npx cdktf-cli@0.21 deploy                                    deploy the container to your Docker engine',
  );
  console.log('  npx tsx lib/cli/main.ts inspect examples/digits/digits.onnx  show the facts that the plan uses');
}

function describePlan(): void {
  const app = new App();
  new DigitsStack(app, 'digits');
  app.synth();
  const file = join(app.outdir, 'stacks', 'digits', 'cdk.tf.json');
  const { resource, variable } = JSON.parse(readFileSync(file, 'utf8'));
  const [image] = Object.values<any>(resource.docker_image);
  const [container] = Object.values<any>(resource.docker_container);

  console.log(`Synthesized ${relative(process.cwd(), file)}. "cdktf deploy" would create:`);
  console.log(`  docker_image      ${image.name.split(':')[0]}, tagged with a hash of its content`);
  console.log(
    `                    server, runtime and model on ${variable.base_image.default}, for ${image.build.platform}`,
  );
  console.log(`  docker_container  ${container.name}`);
  console.log(
    `                    on http://${container.ports[0].ip}:${variable.host_port.default}, ${container.memory} MiB, user ${container.user},`,
  );
  console.log(
    `                    read-only, capabilities dropped: ${container.capabilities.drop.join(', ')}, ${container.security_opts.join(', ')}\n`,
  );
}

function startServer(): ChildProcess {
  const freePorts = ['--port', '--grpc-port', '--metrics-port'].flatMap((flag) => [flag, '0']);
  const args = ['--import', 'tsx', CLI, 'serve', MODEL, ...freePorts];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Reads the server's log until the line that reports readiness, and returns the URL in it. */
async function urlOf(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    if (line.includes('"msg":"ready"')) return (JSON.parse(line) as { url: string }).url;
  }
  throw new Error('The server exited before it was ready.');
}

async function classifySamples(url: string): Promise<void> {
  const samples = JSON.parse(readFileSync(join(__dirname, 'digits.samples.json'), 'utf8')) as Sample[];
  const answers: Answer[] = [];
  for (const { request } of samples) answers.push(await infer(url, request));

  console.log(`Ten held-out digits, with the answers from ${url}/v2/models/digits/infer:\n`);
  const blocks = samples.map(({ label, request }, index) => [
    ...drawDigit(request.inputs[0]!.data),
    ...caption(label, answers[index]!),
  ]);
  console.log(`${sideBySide(blocks.slice(0, 5))}\n\n${sideBySide(blocks.slice(5))}\n`);
  const correct = answers.filter(({ digit }, index) => digit === samples[index]!.label).length;
  const latencies = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  console.log(
    `${correct} of ${samples.length} correct; median latency ${latencies[5]!.toFixed(1)} ms, JSON in both directions.`,
  );
  if (correct < samples.length) throw new Error('The model should classify all ten digits correctly.');
}

async function infer(url: string, request: Sample['request']): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(`${url}/v2/models/digits/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const body = (await response.json()) as { error?: string; outputs: { data: number[] }[] };
  if (!response.ok) throw new Error(`${response.status}: ${body.error}`);
  const milliseconds = performance.now() - start;
  const confidences = softmax(body.outputs[0]!.data);
  const confidence = Math.max(...confidences);
  return { digit: confidences.indexOf(confidence), confidence, milliseconds };
}

function caption(label: number, { digit, confidence, milliseconds }: Answer): string[] {
  return [`label ${label}`, `answer ${digit}, ${(confidence * 100).toFixed(1)} %`, `${milliseconds.toFixed(1)} ms`];
}

quickstart().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
