export { ContainerizedModel } from './containerized-model';
export { type ContainerizedModelProps } from './container-props';
export type { Hardening, LogRotation } from './container-settings';
export type { Sizing } from '../sizing/sizing';
export { InferenceImage, type ImageOptions, type InferenceImageProps } from '../container-image/inference-image';
export { type ModelImage, RegistryModelImage, type RegistryModelImageProps } from '../container-image/model-image';
export { type ExpectedModel } from '../terraform/serving-environment';
export type { ImagePlatform } from '../base/server-files';
export type { ServingOptions } from '../terraform/serving-options';
