import { ScalableModelService, type ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import { only, synthStack } from './synth';

/** Creates a ScalableModelService in a stack of its own, and synthesizes the stack. */
export function synthService(
  props: Partial<ScalableModelServiceProps>,
  extend: (service: ScalableModelService) => void = () => {},
) {
  let construct!: ScalableModelService;
  const json = synthStack((stack) => {
    construct = new ScalableModelService(stack, 'digits', { repository: 'registry.example.com/ml/digits', ...props });
    extend(construct);
  });
  const [deployment] = Object.values<any>(json.resource.kubernetes_deployment_v1);
  return {
    construct,
    json,
    deployment,
    template: deployment.spec.template,
    container: deployment.spec.template.spec.container[0],
    only: (type: string) => only(json, `kubernetes_${type}`),
  };
}
