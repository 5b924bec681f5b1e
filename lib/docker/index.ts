export { ContainerizedModel, type ContainerizedModelProps } from './containerized-model';
export type { Hardening } from './container-settings';
export type { LogRotation } from './container-settings';
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
