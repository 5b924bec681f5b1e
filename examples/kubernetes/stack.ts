import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { InferenceDashboard, Peers, ScalableModelService, ScalingTarget } from 'cdktf-model-serving/kubernetes';
import type { Construct } from 'constructs';

const DIGITS = join(__dirname, '..', 'digits', 'digits.onnx');
const GOLDEN = join(__dirname, '..', 'digits', 'digits.golden.json');

/**
 * Two services: `digits` is autoscaled behind an Ingress; `handwriting` has a canary that receives a fifth of the
 * connections.
 */
export class ServingStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const variable = (name: string, value?: string) =>
      new TerraformVariable(this, name, { type: 'string', default: value }).stringValue;
    const namespace = variable('namespace', 'default');
    const repository = variable('repository');
    const host = variable('host', 'digits.example.com');
    const anyCertificate = new TerraformVariable(this, 'registry_any_certificate', { type: 'bool', default: false });
    const anonymous = new TerraformVariable(this, 'registry_anonymous', { type: 'bool', default: false });
    const password = new TerraformVariable(this, 'registry_password', {
      type: 'string',
      default: '',
      sensitive: true,
    });

    new DockerProvider(this, 'docker', {
      registryAuth: [
        {
          address: variable('registry'),
          authDisabled: anonymous.booleanValue,
          username: variable('registry_user', ''),
          password: password.stringValue,
        },
      ],
    });
    new KubernetesProvider(this, 'kubernetes', { configPath: variable('kubeconfig', '~/.kube/config') });

    const build = { insecureSkipVerify: anyCertificate.booleanValue };
    const common = { namespace, build, network: { scrapers: [Peers.namespace('monitoring')] } };

    const digits = new ScalableModelService(this, 'digits', {
      ...common,
      model: OnnxModel.fromFile(DIGITS, { golden: GOLDEN }),
      repository: `${repository}/digits`,
      autoscaling: { minReplicas: 2, maxReplicas: 20, target: ScalingTarget.cpuUtilization(70) },
      resources: { cpu: 0.5, cpuLimit: 1 },
    });
    digits.exposeViaIngress({ host, className: 'nginx', from: Peers.namespace('ingress-nginx') });

    const handwriting = new ScalableModelService(this, 'handwriting', {
      ...common,
      model: OnnxModel.fromFile(DIGITS, { name: 'handwriting', version: '1' }),
      repository: `${repository}/handwriting`,
      replicas: 8,
      resources: { cpu: 0.1, cpuLimit: 1 },
    });
    handwriting.addCanary('next', {
      model: OnnxModel.fromFile(DIGITS, { name: 'handwriting', version: '2', golden: GOLDEN }),
      weight: 20,
    });

    new InferenceDashboard(this, 'dashboard', { namespace });
  }
}
