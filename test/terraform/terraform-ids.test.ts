import { join } from 'node:path';
import { App, TerraformOutput, type TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { InferenceDashboard, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { stackWithProviders, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(multiplier(folder, 'digits', 2));
const repository = 'registry.example.com/d';

/** Returns a function that creates two constructs with different paths but the same Terraform ids. */
function twice(create: (scope: Construct, id: string) => Construct) {
  return (stack: TerraformStack) => {
    create(new Construct(stack, 'Default'), 'digits');
    create(new Construct(stack, 'digits'), 'Default');
  };
}

/** Parts of an error that name the owner of a Terraform id. */
function linesOf(build: (stack: TerraformStack) => void): string[] {
  try {
    synthStack(build);
  } catch (error) {
    return String(error)
      .split('\n')
      .flatMap((line) => line.match(/\S+: the Terraform id .*\]/)?.[0] ?? []);
  }
  return [];
}

const taken = (where: string, id: string, other: string) =>
  `${where}: the Terraform id ${id} is already used by ${other}, and one would overwrite the other. Change the id of one of the two constructs. Terraform ids omit the construct id "Default", and overrideLogicalId must not set the same id twice. [terraform-id-taken]`;

describe('T10 constructs that cdktf would merge are rejected', () => {
  test('two containers', () => {
    const lines = linesOf(twice((scope, id) => new ContainerizedModel(scope, id, { model })));
    expect(lines).toEqual([
      taken(
        'stack/digits/Default/image/image',
        'docker_image.digits_image_3374B6DF',
        'stack/Default/digits/image/image',
      ),
      taken(
        'stack/digits/Default/container',
        'docker_container.digits_container_D7342691',
        'stack/Default/digits/container',
      ),
    ]);
  });

  test('two services, and two dashboards', () => {
    const names = ['one', 'other'];
    const services = linesOf(
      twice((scope, id) => new ScalableModelService(scope, id, { model, repository, name: names.pop() })),
    );
    expect(services.map((line) => line.split(':')[0])).toEqual([
      'stack/digits/Default/image/image',
      'stack/digits/Default/service-account',
    ]);
    expect(linesOf(twice((scope, id) => new InferenceDashboard(scope, id)))).toEqual([
      expect.stringMatching(/^stack\/digits\/Default\/config-map: the Terraform id kubernetes_config_map_v1\./),
    ]);
  });

  test('two outputs with one id', () => {
    const lines = linesOf((stack) => {
      new ContainerizedModel(stack, 'digits', { model });
      new TerraformOutput(stack, 'mine', { value: 1 }).overrideLogicalId('digits_url_A8B0554B');
    });
    expect(lines).toEqual([taken('stack/mine', 'output.digits_url_A8B0554B', 'stack/digits/url')]);
  });
});

test('ids of foreign constructs are not checked', () => {
  expect(() =>
    synthStack((stack) => {
      new ContainerizedModel(stack, 'digits', { model });
      for (const id of ['a', 'b']) new TerraformOutput(stack, id, { value: 1 }).overrideLogicalId('same');
    }),
  ).not.toThrow();
});

test('an output may have the id of a resource, and each stack has its own ids', () => {
  const app = new App({ outdir: join(folder, 'out') });
  for (const id of ['one', 'other']) {
    const stack = stackWithProviders(app, id);
    const { container } = new ContainerizedModel(stack, 'digits', { model });
    new TerraformOutput(stack, 'name', { value: 1 }).overrideLogicalId(container.friendlyUniqueId);
  }
  expect(() => app.synth()).not.toThrow();
});
