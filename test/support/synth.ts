import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack, Testing } from 'cdktf';
import type { Construct } from 'constructs';

/** Synthesizes a stack with both providers, and runs its validations. */
export function synthStack(build: (stack: TerraformStack) => void): any {
  const stack = stackWithProviders(Testing.app());
  build(stack);
  return JSON.parse(Testing.synth(stack, true));
}

export function stackWithProviders(app: App, id = 'stack'): TerraformStack {
  const stack = new TerraformStack(app, id);
  new DockerProvider(stack, 'docker');
  new KubernetesProvider(stack, 'kubernetes');
  return stack;
}

/** The only resource of the given type. */
export function only(synthesized: any, type: string): any {
  const all = Object.values(synthesized.resource[type] ?? {});
  if (all.length !== 1) throw new Error(`${all.length} resources of type ${type}`);
  return all[0];
}

/** Synthesizes an app into a folder, like `cdktf synth`. */
export function synthApp(outdir: string, build: (app: App) => void): void {
  const app = new App({ outdir });
  build(app);
  app.synth();
}

/** Ids of a construct's descendants, relative to the construct. */
export function tree(construct: Construct): string[] {
  const { path } = construct.node;
  return construct.node
    .findAll()
    .map((child) => child.node.path.slice(path.length + 1))
    .filter((child) => child !== '')
    .sort();
}
