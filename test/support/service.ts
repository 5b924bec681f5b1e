import { ScalableModelService, type ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import { only, synthStack } from './synth';

/** A ScalableModelService in its own stack, and its synthesized JSON. */
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
