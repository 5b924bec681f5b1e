import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { PLATFORM, PlatformModelService, type PlatformModelServiceProps } from './platform-model-service';

/** A stack for one model of one team. */
export class ModelStack extends TerraformStack {
  constructor(scope: Construct, id: string, props: PlatformModelServiceProps) {
    super(scope, id);
    const variable = (name: string, value?: string) =>
      new TerraformVariable(this, name, { type: 'string', default: value, sensitive: value === undefined }).stringValue;
    new DockerProvider(this, 'docker', {
      registryAuth: [
        { address: PLATFORM.registry, username: variable('registry_user'), password: variable('registry_password') },
      ],
    });
    new KubernetesProvider(this, 'kubernetes', { configPath: variable('kubeconfig', '~/.kube/config') });
    new PlatformModelService(this, 'model', props);
  }
}
