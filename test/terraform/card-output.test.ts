import { OnnxModel, type ModelCard } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { ScalableModelService } from 'cdktf-model-serving/kubernetes';
import type { Construct } from 'constructs';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';
import { synthStack } from '../support/synth';

const folder = temporaryFolder();

function model(card?: ModelCard): OnnxModel {
  return OnnxModel.fromFile(multiplier(folder, 'carded', 2), { card, runtimeCheck: 'skip' });
}

const CONSTRUCTS: [string, (scope: Construct, model: OnnxModel) => unknown][] = [
  ['a container', (scope, model) => new ContainerizedModel(scope, 'm', { model })],
  ['a service', (scope, model) => new ScalableModelService(scope, 'm', { model, repository: 'r.example.com/m' })],
];

describe.each(CONSTRUCTS)('%s', (_what, create) => {
  const outputs = (card?: ModelCard) => {
    const { output } = synthStack((stack) => create(stack, model(card)));
    return Object.entries<any>(output).filter(([name]) => name.includes('model-card'));
  };

  test('outputs the exact card of its model', () => {
    expect(outputs({ title: '${path.root} %{ if } 100 $', metrics: { F1: 0.9, topFive: 1 } })).toEqual([
      [
        expect.any(String),
        { value: { title: '$${path.root} %%{ if } 100 $', 'metrics.F1': '0.9', 'metrics.topFive': '1' } },
      ],
    ]);
  });

  test('outputs nothing without a card', () => expect(outputs()).toEqual([]));
});
