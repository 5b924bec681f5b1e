import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import type { App, TerraformStack } from 'cdktf';
import { DigitsStack } from '../../../examples/digits/stack';
import { ServingStack } from '../../../examples/kubernetes/stack';
import { temporaryFolder } from '../../support/temporary-folder';
import { whyNot, Workspace } from './terraform';

/**
 * Configuration of a cluster that does not exist, which is sufficient because a first plan reads nothing from the
 * cluster.
 */
const KUBECONFIG = `
apiVersion: v1
kind: Config
current-context: none
contexts: [{ name: none, context: { cluster: none, user: none } }]
clusters: [{ name: none, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: none, user: { token: none } }]
`;

const reason = whyNot(addProviders, 'terraform') ?? whyNot(addProviders, 'tofu');
const describePlanned = reason === undefined ? describe : describe.skip;

if (reason !== undefined) process.stderr.write(`No plans are compared, because ${reason}\n`);

describePlanned(reason === undefined ? 'Terraform and OpenTofu' : `NOT COMPARED, because ${reason}`, () => {
  const kubeconfig = join(temporaryFolder(), 'kubeconfig');
  writeFileSync(kubeconfig, KUBECONFIG);

  test('plan the same container', () => {
    const build = (app: App) => new DigitsStack(app, 'stack');
    const changes = changesBy('terraform', build);
    expect(Object.keys(changes)).toHaveLength(2);
    expect(changesBy('tofu', build)).toEqual(changes);
  });

  test('plan the same services', () => {
    const build = (app: App) => new ServingStack(app, 'stack');
    const variables = {
      kubeconfig,
      registry: 'registry.example.com',
      registry_anonymous: 'true',
      repository: 'registry.example.com/ml',
    };
    const changes = changesBy('terraform', build, variables);
    expect(Object.keys(changes).some((address) => address.startsWith('kubernetes_deployment_v1.'))).toBe(true);
    expect(changesBy('tofu', build, variables)).toEqual(changes);
  });
});

/** Plans a stack with Terraform or OpenTofu, and returns the planned change of each resource. */
function changesBy(binary: string, build: (app: App) => void, variables = {}): Record<string, unknown> {
  const workspace = new Workspace(binary);
  workspace.synth(build);
  const changes = workspace.plannedChanges('stack', variables).map((planned) => {
    // Terraform and OpenTofu have different registries. Older versions do not support identities, which are unknown in
    // these plans anyway.
    const provider = planned.provider_name.split('/').slice(1).join('/');
    const change = { ...planned.change, after_identity: undefined };
    return [planned.address, { ...planned, provider_name: provider, change }];
  });
  workspace.dispose();
  return Object.fromEntries(changes);
}

function addProviders(scope: TerraformStack): void {
  new DockerProvider(scope, 'docker');
  new KubernetesProvider(scope, 'kubernetes');
}
