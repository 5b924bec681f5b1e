export type { Autoscaling } from './autoscaling';
export type { Canary, CanaryProps } from './canary';
export type { Capacity } from './capacity';
export type { ComputeResources } from './compute-resources';
export { InferenceDashboard, type InferenceDashboardProps } from './dashboard';
export type { DisruptionBudgetOptions } from './disruption-budget';
export type { EnvironmentValue, SecretKey } from './model-deployment';
export type { IngressOptions } from './exposure';
export type { ModelDeployment, PodOptions } from './model-deployment';
export type { EgressRule, NetworkOptions } from './network';
export { type Peer, Peers } from './network';
export type { RolloutOptions } from './rollout';
export { ScalableModelService, type ScalableModelServiceProps } from './scalable-model-service';
export { ScalingTarget } from './scaling-target';
export type { ServiceOptions } from './service-ports';
export type { Sizing } from '../sizing/sizing';
export { InferenceImage, type ImageOptions, type InferenceImageProps } from '../container-image/inference-image';
export {
  type ExpectedModel,
  type ModelImage,
  RegistryModelImage,
  type RegistryModelImageProps,
} from '../container-image/model-image';
export type { ImagePlatform } from '../base/server-files';
export type { ServingOptions } from '../terraform/serving-options';
