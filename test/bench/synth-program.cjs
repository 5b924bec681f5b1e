/**
 * One synth like that of a user's compiled program: node synth-program.cjs KIND COUNT MODEL OUTDIR. Prints the bytes
 * that the process has read.
 */
const { readFileSync } = require('node:fs');
const { App, TerraformStack } = require('cdktf');
const { DockerProvider } = require('@cdktf/provider-docker/lib/provider');

const rawImage = (id) => {
  const { Image } = require('@cdktf/provider-docker/lib/image');
  return new Image(stack, `${id}-image`, { name: id, buildAttribute: { context: '.' } });
};

const add = {
  rawContainer(id) {
    const { Container } = require('@cdktf/provider-docker/lib/container');
    new Container(stack, id, { name: id, image: rawImage(id).imageId });
  },
  container(id) {
    const { OnnxModel } = require('../../dist/lib');
    const { ContainerizedModel } = require('../../dist/lib/docker');
    new ContainerizedModel(stack, id, { model: OnnxModel.fromFile(file, { name: id }) });
  },
  knownContainer(id) {
    const { OnnxModel } = require('../../dist/lib');
    const { ContainerizedModel } = require('../../dist/lib/docker');
    const golden = file.replace(/onnx$/, 'golden.json');
    new ContainerizedModel(stack, id, { model: OnnxModel.fromFile(file, { name: id, golden }) });
  },
  rawService(id) {
    const { RegistryImage } = require('@cdktf/provider-docker/lib/registry-image');
    const { DeploymentV1 } = require('@cdktf/provider-kubernetes/lib/deployment-v1');
    const { HorizontalPodAutoscalerV2 } = require('@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2');
    const { NetworkPolicyV1 } = require('@cdktf/provider-kubernetes/lib/network-policy-v1');
    const { PodDisruptionBudgetV1 } = require('@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1');
    const { ServiceAccountV1 } = require('@cdktf/provider-kubernetes/lib/service-account-v1');
    const { ServiceV1 } = require('@cdktf/provider-kubernetes/lib/service-v1');
    const metadata = { name: id };
    const selector = { app: id };
    new RegistryImage(stack, `${id}-registry-image`, { name: rawImage(id).name });
    new ServiceAccountV1(stack, `${id}-account`, { metadata });
    const container = [{ name: 'server', image: id }];
    const template = { metadata: { labels: selector }, spec: { container } };
    new DeploymentV1(stack, id, { metadata, spec: { selector: { matchLabels: selector }, template } });
    new ServiceV1(stack, `${id}-service`, { metadata, spec: { selector, port: [{ port: 80 }] } });
    const scaleTargetRef = { kind: 'Deployment', name: id };
    new HorizontalPodAutoscalerV2(stack, `${id}-scaler`, { metadata, spec: { maxReplicas: 5, scaleTargetRef } });
    const podSelector = { matchLabels: selector };
    new PodDisruptionBudgetV1(stack, `${id}-budget`, {
      metadata,
      spec: { selector: podSelector, maxUnavailable: '1' },
    });
    new NetworkPolicyV1(stack, `${id}-policy`, { metadata, spec: { podSelector, policyTypes: ['Ingress'] } });
  },
  service(id) {
    const { OnnxModel } = require('../../dist/lib');
    const { ScalableModelService } = require('../../dist/lib/kubernetes');
    const model = OnnxModel.fromFile(file, { name: id });
    const repository = `registry.example.com/ml/${id}`;
    new ScalableModelService(stack, id, { model, repository, autoscaling: { maxReplicas: 5 } });
  },
};

const [kind, count, file, outdir] = process.argv.slice(2);
const app = new App({ outdir });
const stack = new TerraformStack(app, 'stack');
new DockerProvider(stack, 'docker');
if (kind.endsWith('ervice')) {
  const { KubernetesProvider } = require('@cdktf/provider-kubernetes/lib/provider');
  new KubernetesProvider(stack, 'kubernetes');
}
for (let i = 0; i < Number(count); i++) add[kind](`model${i}`);
app.synth();
console.log(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
