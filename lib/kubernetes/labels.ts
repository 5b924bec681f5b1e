import type { OnnxModel } from '../model/onnx-model';
import { labelValue } from './names';

/** Of a resource in Kubernetes. */
export interface ResourceMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

/** Which Deployment behind a Service a pod belongs to. */
export const TRACK_LABEL = 'model-serving/track';
export const STABLE_TRACK = 'stable';

/**
 * All pods of a service. They name the service and never the model's version: a Deployment's selector cannot be
 * changed.
 */
export function serviceSelector(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'model-serving', 'app.kubernetes.io/instance': name };
}

/** The pods of one Deployment among them. */
export function trackSelector(name: string, track: string): Record<string, string> {
  return { ...serviceSelector(name), [TRACK_LABEL]: track };
}

/** What a model is, as far as a label can say it. @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels */
export function modelLabels(model: OnnxModel): Record<string, string> {
  return { 'app.kubernetes.io/version': labelValue(model.version), 'model-serving/model': labelValue(model.name) };
}

/** What a model is, to the letter. */
export function modelAnnotations(model: OnnxModel): Record<string, string> {
  return {
    'model-serving/model': model.name,
    'model-serving/version': model.version,
    'model-serving/sha256': model.sha256,
  };
}
