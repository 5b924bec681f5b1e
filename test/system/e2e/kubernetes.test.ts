import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnnxModel } from 'cdktf-model-serving';
import { Peers, ScalingTarget } from 'cdktf-model-serving/kubernetes';
import { infer } from '../../support/client';
import { GrpcClient } from '../../support/grpc-client';
import { multiplier, slowMultiplier } from '../../support/models';
import { temporaryFolder } from '../../support/temporary-folder';
import { addProviders, DeployedService, log, MODEL } from './deployed-service';
import { waitFor, whyNotCluster } from './kubectl';
import { summary } from './load';
import { whyNot } from './terraform';

const reason = whyNotCluster() ?? whyNot(addProviders);
const describeApplied = reason === undefined ? describe : describe.skip;

if (reason !== undefined) log(`Nothing is applied to a cluster, because ${reason}`);

describeApplied(reason === undefined ? 'applied to a cluster' : `NOT APPLIED to a cluster, because ${reason}`, () => {
  const folder = temporaryFolder();
  const model = (version: string, golden?: string) =>
    OnnxModel.fromFile(multiplier(folder, `v${version}`, Number(version)), {
      name: MODEL,
      version,
      golden,
      runtimeCheck: golden === undefined ? 'require' : 'skip',
    });

  describe('a fixed number of replicas', () => {
    let service: DeployedService;
    beforeAll(() => {
      service = new DeployedService('fixed');
    });
    afterAll(() => service.dispose());

    test('answers through its Service, and the second plan is empty', async () => {
      service.apply({ model: model('2') });
      const { namespace, workspace, name, stack } = service;
      expect(namespace.pods().filter(({ isReady }) => isReady)).toHaveLength(2);

      const reply = await infer(service.url, MODEL, [x(21)]);
      expect(reply.outputs[0].data).toEqual([42]);
      expect(reply.model_version).toBe('2');

      const { hostname } = new URL(service.url);
      const grpc = new GrpcClient(`${hostname}:8081`);
      const raw_input_contents = [Buffer.from(Float32Array.of(21).buffer)];
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1] }];
      const answer = await grpc.call('ModelInfer', { model_name: MODEL, inputs, raw_input_contents });
      expect([answer.model_version, answer.raw_output_contents[0].readFloatLE()]).toEqual(['2', 42]);

      expect(service.planExitCode()).toBe(0);
      expect(workspace.output(stack, 'url')).toBe(`http://${name}.${namespace.name}.svc`);
      expect(workspace.output(stack, 'image-reference')).toMatch(/\/e2e\/multiplier@sha256:[0-9a-f]{64}$/);
      expect(workspace.output(stack, 'model-sha256')).toBe(model('2').sha256);
      expect(workspace.output(stack, 'model-version')).toBe('2');
    });

    test('complies with the restricted Pod Security Standard', () => {
      const { kind, apiVersion, spec } = service.namespace.get('deployment', service.name);
      const manifest = { kind, apiVersion, metadata: { name: 'again' }, spec };
      expect(service.namespace.dryRun(manifest).stderr).toBe('');

      const [container] = spec.template.spec.containers;
      container.securityContext.allowPrivilegeEscalation = true;
      expect(service.namespace.dryRun(manifest).stderr).toMatch(/^Warning: would violate PodSecurity "restricted/);
    });

    test('a rolling update fails no request', async () => {
      const { answers, failures } = await service.underLoad('rolling update', () =>
        service.apply({ model: model('3') }),
      );
      expect(failures).toEqual({});
      expect(Object.keys(answers).sort()).toEqual(['v2', 'v3']);
      await service.namespace.settled(2);
      expect(service.planExitCode()).toBe(0);
    });

    test('removing replicas fails no request', async () => {
      service.apply({ model: model('3'), replicas: 4 });
      await service.namespace.settled(4);
      const { failures } = await service.underLoad('from 4 replicas to 2', async () => {
        service.apply({ model: model('3'), replicas: 2 });
        await service.namespace.settled(2);
      });
      expect(failures).toEqual({});
    });

    test('deleting pods fails no request', async () => {
      const { namespace } = service;
      const before = await namespace.settled(2);
      const { failures } = await service.underLoad('each pod deleted in turn', async () => {
        for (const { name } of before) {
          namespace.run('delete', 'pod', name, '--wait=false');
          await namespace.settled(2);
        }
      });
      expect(failures).toEqual({});
    });

    test('evicting pods fails no request, and never removes both at once', async () => {
      const { namespace } = service;
      const before = await namespace.settled(2);
      let refused = 0;
      const { failures } = await service.underLoad('each pod evicted in turn', async () => {
        for (const { name } of before) {
          await waitFor(`eviction of ${name}`, () => namespace.evict(name) || (refused++, false));
        }
        await namespace.settled(2);
      });
      log(`each pod evicted in turn: the disruption budget refused ${refused} times`);
      expect(failures).toEqual({});
      expect(refused).toBeGreaterThan(0);
    });

    test('an invalid version fails the apply but no request, and reports the reason', async () => {
      const { namespace } = service;
      const golden = join(folder, 'wrong.json');
      const [request, response] = [{ inputs: [x(1)] }, { outputs: [{ ...x(50), name: 'y' }] }];
      writeFileSync(golden, JSON.stringify({ examples: [{ name: 'wrong', request, response }] }));

      let refusal = '';
      let message = '';
      const { answers, failures } = await service.underLoad('an invalid version', async () => {
        const rollout = { startupSeconds: 10, progressDeadlineSeconds: 30 };
        refusal = failureOf(() => service.apply({ model: model('5', golden), rollout }));
        message = await waitFor('termination message', () => namespace.pods().find(wrong)?.lastMessage);
      });
      log(`an invalid version: Terraform says ${refusal.match(/\nError: (.*)/)?.[1]}`);
      log(`an invalid version: the pod says ${message.trim().split('\n').at(-1)}`);
      // Terraform has recorded the failed version in its state, so applying the same configuration again would change
      // nothing.
      log(`an invalid version: planned again, the exit code is ${service.workspace.savePlan(service.stack)}`);
      expect(refusal).toMatch(/deadline/);
      expect(failures).toEqual({});
      expect(Object.keys(answers)).toEqual(['v3']);
      expect(message.trim().split('\n').at(-1)).toMatch(/output \\?"y/);
    });

    test('the next version fixes it', async () => {
      service.synth({ model: model('7') });
      expect(service.workspace.savePlan(service.stack)).toBe(2);
      const { answers, failures } = await service.underLoad('after an invalid version', () =>
        service.apply({ model: model('7') }),
      );
      expect(failures).toEqual({});
      expect(Object.keys(answers).sort()).toEqual(['v3', 'v7']);
      await service.namespace.settled(2);
      expect(service.planExitCode()).toBe(0);
    });

    test('destroy leaves nothing', async () => {
      service.workspace.destroy(service.stack);
      const kinds = 'all,serviceaccounts,poddisruptionbudgets,networkpolicies,horizontalpodautoscalers,ingresses';
      const rest = () => service.namespace.run('get', kinds, '--output=name').trim();
      await waitFor('empty namespace', () => rest() === 'serviceaccount/default', 60);
    });
  });

  describe('a canary', () => {
    let service: DeployedService;
    const stable = () => service.apply({ model: model('2'), replicas: 4 });
    const withCanary = () =>
      service.apply({ model: model('2'), replicas: 4 }, (built) =>
        built.addCanary('canary', { model: model('3'), weight: 20 }),
      );
    beforeAll(() => {
      service = new DeployedService('canary');
    });
    afterAll(() => service.dispose());

    test('gets its share of new connections', async () => {
      stable();
      const { failures } = await service.underLoad('adding a canary', withCanary);
      expect(failures).toEqual({});
      await service.namespace.settled(5);

      const counts = await (await service.load({ requestsPerConnection: 1, requests: 1500 })).counts;
      const share = (100 * counts.answers.v3!) / counts.requests;
      log(`a canary of 20 %: ${summary(counts)}, ${share.toFixed(1)} %`);
      expect(counts.failures).toEqual({});
      expect(Math.abs(share - 20)).toBeLessThan(6);
      expect(service.planExitCode()).toBe(0);
    });

    test('promotion fails no request', async () => {
      const { failures } = await service.underLoad('promotion of a canary', () =>
        service.apply({ model: model('3'), replicas: 4 }),
      );
      expect(failures).toEqual({});
      const pods = await service.namespace.settled(4);
      expect(pods.map(({ version }) => version)).toEqual(['3', '3', '3', '3']);
    });

    test('rolling back fails no request', async () => {
      const promoted = await service.underLoad('roll back of a promotion', withCanary);
      expect(promoted.failures).toEqual({});
      await service.namespace.settled(5);

      const removed = await service.underLoad('removal of a canary', async () => {
        stable();
        await service.namespace.settled(4);
      });
      expect(removed.failures).toEqual({});
      expect(service.planExitCode()).toBe(0);
    });
  });

  describe('an autoscaler', () => {
    let service: DeployedService;
    const deployed = (annotations: Record<string, string> = {}) => ({
      model: OnnxModel.fromFile(slowMultiplier(folder, 'slow', 2, 0.02), { name: MODEL, version: '1' }),
      autoscaling: { minReplicas: 1, maxReplicas: 3, scaleDownAfterSeconds: 0 },
      resources: { cpu: 0.1, cpuLimit: 0.4 },
      disruptionBudget: { maxUnavailable: 1 },
      pod: { annotations },
    });
    const replicas = (): number => service.namespace.get('deployment', service.name).spec.replicas;
    beforeAll(() => {
      service = new DeployedService('scaled');
    });
    afterAll(() => service.dispose());

    test('follows the load, and plans do not reset the number of replicas', async () => {
      const { workspace, stack } = service;
      service.apply(deployed());
      expect(service.planExitCode()).toBe(0);
      expect(replicas()).toBe(1);
      service.synth(deployed({ 'example.com/changed': 'yes' }));
      expect(workspace.savePlan(stack)).toBe(2);

      const scaled = async () => {
        await waitFor('scaling to 3', () => replicas() === 3);
        await service.namespace.settled(3);
        service.synth(deployed());
        expect(service.planExitCode()).toBe(0);
        log(`applying a plan made before the scaling: ${await applyOldPlan()}`);
      };
      const { failures } = await service.underLoad('scaling under load', scaled, { clients: 4, pauseMs: 0 });
      expect(failures).toEqual({});

      const idleSince = Date.now();
      await waitFor('scaling to 1', () => replicas() === 1, 300);
      log(`scaled back to 1 after ${seconds(idleSince)} without load`);
      service.synth(deployed({ 'example.com/changed': 'yes' }));
      expect(service.planExitCode()).toBe(0);
    });

    /** Applies the saved plan, and returns how the number of replicas changed in the meantime. */
    async function applyOldPlan(): Promise<string> {
      const applied = service.workspace.applySaved(service.stack);
      let isApplied = false;
      void applied.finally(() => (isApplied = true)).catch(() => {});
      const begin = Date.now();
      const seen = [`${replicas()}`];
      let last = replicas();
      while (!isApplied || last < 3) {
        await sleep(200);
        const now = replicas();
        if (now !== last) seen.push(`${now} after ${seconds(begin)}`);
        last = now;
        if (Date.now() - begin > 180_000) break;
      }
      await applied;
      return `replicas ${seen.join(', ')}; applied after ${seconds(begin)} at most`;
    }
  });

  describe('objects that a cluster may or may not enforce', () => {
    let service: DeployedService;
    beforeAll(() => {
      service = new DeployedService('objects');
    });
    afterAll(() => service.dispose());

    test('are stored as planned, and the second plan is empty', () => {
      const props = {
        model: model('2'),
        autoscaling: {
          maxReplicas: 3,
          target: [ScalingTarget.cpuUtilization(60), ScalingTarget.inFlightPerReplica(4)],
        },
        network: {
          scrapers: [Peers.pods({ app: 'prometheus' }, 'monitoring')],
          egress: [{ to: Peers.cidr('10.0.0.0/8', ['10.1.0.0/16']), ports: [443] }],
        },
      };
      const from = Peers.namespace('ingress-nginx');
      service.apply(props, (built) => built.exposeViaIngress({ host: 'multiplier.example.com', from }));
      expect(service.planExitCode()).toBe(0);

      const { namespace, name } = service;
      const { spec: policy } = namespace.get('networkpolicy', name);
      const namespaceSelector = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
      expect(policy.policyTypes).toEqual(['Ingress', 'Egress']);
      expect(policy.ingress).toEqual([
        {
          from: [{ podSelector: {} }, { namespaceSelector: namespaceSelector('ingress-nginx') }],
          ports: [
            { port: 8080, protocol: 'TCP' },
            { port: 8081, protocol: 'TCP' },
          ],
        },
        {
          from: [
            {
              namespaceSelector: namespaceSelector('monitoring'),
              podSelector: { matchLabels: { app: 'prometheus' } },
            },
          ],
          ports: [{ port: 8082, protocol: 'TCP' }],
        },
      ]);
      expect(policy.egress).toEqual([
        {
          to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
          ports: [{ port: 443, protocol: 'TCP' }],
        },
        { ports: ['UDP', 'TCP'].map((protocol) => ({ port: 53, protocol })) },
      ]);

      const { spec: ingress } = namespace.get('ingress', name);
      const backend = { service: { name, port: { name: 'http' } } };
      expect(ingress.rules).toEqual([
        { host: 'multiplier.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
      ]);

      const { spec: scaler } = namespace.get('horizontalpodautoscaler', name);
      expect(scaler.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name });
      expect([scaler.minReplicas, scaler.maxReplicas]).toEqual([2, 3]);
      expect(scaler.metrics).toEqual([
        {
          type: 'Pods',
          pods: { metric: { name: 'inference_in_flight' }, target: { type: 'AverageValue', averageValue: '4' } },
        },
        {
          type: 'ContainerResource',
          containerResource: {
            name: 'cpu',
            container: 'server',
            target: { type: 'Utilization', averageUtilization: 60 },
          },
        },
      ]);
    });
  });
});

function x(value: number) {
  return { name: 'x', datatype: 'FP32', shape: [1], data: [value] };
}

function failureOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  throw new Error('nothing failed');
}

function wrong({ version }: { version: string }): boolean {
  return version === '5';
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
