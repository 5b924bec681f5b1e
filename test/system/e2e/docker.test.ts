import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { type App, TerraformOutput, TerraformStack } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, InferenceImage } from 'cdktf-model-serving/docker';
import { ROOT } from '../../support/root';
import { DigitsStack } from '../../../examples/digits/stack';
import { infer } from '../../support/client';
import { docker } from '../../support/container/docker';
import { freePort } from '../../support/free-port';
import { GrpcClient } from '../../support/grpc-client';
import { multiplier, slowMultiplier } from '../../support/models';
import { whyNot, Workspace } from './terraform';

const reason = whyNot();
const describeApplied = reason === undefined ? describe : describe.skip;

if (reason !== undefined) process.stderr.write(`Nothing is applied, because ${reason}\n`);

describeApplied(reason === undefined ? 'applied to a Docker engine' : `NOT APPLIED, because ${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-serving-models-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('the digits example', () => {
    const workspace = new Workspace();
    let variables: { host_port: number };

    beforeAll(async () => {
      variables = { host_port: await freePort() };
      workspace.synth((app) => new DigitsStack(app, 'digits'));
      workspace.apply('digits', variables);
    });
    afterAll(() => workspace.dispose(variables));

    test('answers at the URL in its output', async () => {
      const url = workspace.output('digits', 'url');
      expect(url).toBe(`http://127.0.0.1:${variables.host_port}`);
      const [sample] = JSON.parse(readFileSync(join(ROOT, 'examples/digits/digits.samples.json'), 'utf8'));
      const { outputs } = await infer(url, 'digits', sample.request.inputs);
      const logits: number[] = outputs[0].data;
      expect(logits.indexOf(Math.max(...logits))).toBe(sample.label);
    });

    test('classifies a picture that curl sends', () => {
      const picture = join(ROOT, 'examples/digits/pictures/7.png');
      const classify = `${workspace.output('digits', 'url')}/v2/models/digits/classify`;
      const answer = execFileSync('curl', ['-sSf', '--data-binary', `@${picture}`, classify], { encoding: 'utf8' });
      expect(JSON.parse(answer)).toMatchObject({ class: '7', index: 7 });
    });

    test('serves gRPC at the endpoint in its output', async () => {
      const { name } = workspace.resource('digits', 'docker_container');
      const endpoint = workspace.output('digits', 'grpc-endpoint');
      expect(endpoint).toBe(docker('port', name, '8081/tcp').trim());
      expect(await new GrpcClient(endpoint).call('ModelReady', { name: 'digits' })).toEqual({ ready: true });
    });

    test('T3 the second plan is empty with all hardening on', () => {
      expect(workspace.planExitCode('digits', variables)).toBe(0);
    });

    test('D4 S4 the container runs as the plan says', () => {
      const [container] = JSON.parse(docker('inspect', workspace.resource('digits', 'docker_container').name));
      expect(container.Config.User).toBe('65532:65532');
      expect(container.HostConfig.ReadonlyRootfs).toBe(true);
      expect(container.HostConfig.CapDrop).toEqual(['ALL']);
      expect(container.HostConfig.SecurityOpt).toEqual(['no-new-privileges:true']);
      expect(container.State.Health.Status).toBe('healthy');
      expect(container.Config.Entrypoint[0]).toBe('/usr/local/bin/node');
    });
  });

  describe('T4 a new version of a model', () => {
    const workspace = new Workspace();
    const name = `multiplier-${process.pid}`;
    let port: number;
    let foreign: string;
    afterAll(() => {
      workspace.dispose();
      docker('rm', '--force', foreign);
    });
    const stack = (file: string, version: string) => (app: App) => {
      const scope = new TerraformStack(app, 'update');
      new DockerProvider(scope, 'docker');
      const model = OnnxModel.fromFile(file, { name, version });
      new ContainerizedModel(scope, 'model', {
        model,
        port,
        cpus: version === '1' ? 1 : 0.5,
        serving: { drainSeconds: 1 },
      });
    };

    beforeAll(async () => {
      port = await freePort();
    });

    test('v2 replaces v1, requests in flight finish, and destroy leaves only images', async () => {
      foreign = docker('run', '--detach', 'node:24-bookworm-slim', 'node', '-e', 'setInterval(() => {}, 1000)').trim();
      workspace.synth(stack(slowMultiplier(folder, 'slow', 2, 3), '1'));
      workspace.apply('update');
      const url = workspace.output('update', 'url');
      const inFlight = infer(url, name, [x(21)]);
      await new Promise((resolve) => setTimeout(resolve, 300));

      workspace.synth(stack(multiplier(folder, 'v2', 3), '2'));
      const updated = Promise.resolve().then(() => workspace.apply('update'));
      expect((await inFlight).outputs[0].data).toEqual([42]);
      await updated;

      const reply = await infer(url, name, [x(21)]);
      expect(reply.outputs[0].data).toEqual([63]);
      expect(reply.model_version).toBe('2');
      expect(workspace.planExitCode('update')).toBe(0);
      const [container] = JSON.parse(docker('inspect', 'update-model'));
      expect(container.HostConfig.CpuQuota).toBe(50_000);

      workspace.destroy('update');
      expect(docker('ps', '-aq', '--filter', 'name=^update-model$')).toBe('');
      expect(docker('inspect', '--format={{.State.Running}}', foreign).trim()).toBe('true');
      expect(docker('images', '-q', name).trim().split('\n')).toHaveLength(2);
    });
  });

  describe('an image in an earlier stack', () => {
    const workspace = new Workspace();
    let port: number;
    const stacks = (file: string, baseImage?: string) => (app: App) => {
      const earlier = new TerraformStack(app, 'image');
      new DockerProvider(earlier, 'docker');
      const model = OnnxModel.fromFile(file, { name: 'earlier' });
      const image = new InferenceImage(earlier, 'model', { model, baseImage });
      const later = new TerraformStack(app, 'service');
      new DockerProvider(later, 'docker');
      new ContainerizedModel(later, 'model', { image, port });
    };
    afterAll(() => workspace.dispose());

    test('a build that fails leaves the old container serving', async () => {
      port = await freePort();
      workspace.synth(stacks(multiplier(folder, 'good', 2)));
      workspace.apply('image');
      workspace.apply('service');
      const url = workspace.output('service', 'url');
      expect((await infer(url, 'earlier', [x(1)])).outputs[0].data).toEqual([2]);

      workspace.synth(stacks(multiplier(folder, 'unbuildable', 5), 'localhost:9/no-such-base:1'));
      expect(() => workspace.apply('image')).toThrow(/exit code 1/);
      expect((await infer(url, 'earlier', [x(1)])).outputs[0].data).toEqual([2]);

      workspace.synth(stacks(multiplier(folder, 'fixed', 7)));
      workspace.apply('image');
      workspace.apply('service');
      expect((await infer(url, 'earlier', [x(1)])).outputs[0].data).toEqual([7]);
      expect(workspace.planExitCode('service')).toBe(0);
    });
  });

  const registry = process.env.E2E_REGISTRY;
  const testPushed = registry ? test : test.skip;
  testPushed(
    `an image from a registry${registry ? '' : ': SKIPPED, because E2E_REGISTRY is not set (https, no login)'}`,
    async () => {
      const workspace = new Workspace();
      const port = await freePort();
      const model = OnnxModel.fromFile(multiplier(folder, 'pushed', 2));
      const stacks = (reference?: string) => (app: App) => {
        const scope = new TerraformStack(app, 'registry');
        new DockerProvider(scope, 'docker', { registryAuth: [{ address: registry!, authDisabled: true }] });
        const built = new InferenceImage(scope, 'model', { model, repository: `${registry}/e2e/pushed` });
        built.registryImage!.insecureSkipVerify = true;
        new TerraformOutput(scope, 'reference', { value: built.reference });
        if (reference === undefined) return;
        new ContainerizedModel(scope, 'service', { image: InferenceImage.fromRegistry(reference, { model }), port });
      };
      workspace.synth(stacks());
      workspace.apply('registry');
      const reference = workspace.output('registry', 'reference');
      expect(reference).toMatch(/\/e2e\/pushed@sha256:[0-9a-f]{64}$/);

      workspace.synth(stacks(reference));
      workspace.apply('registry');
      const reply = await infer(workspace.output('registry', 'url'), 'pushed', [x(4)]);
      expect(reply.outputs[0].data).toEqual([8]);
      expect(workspace.planExitCode('registry')).toBe(0);
      workspace.destroy('registry');
    },
  );
});

function x(value: number) {
  return { name: 'x', datatype: 'FP32', shape: [1], data: [value] };
}
