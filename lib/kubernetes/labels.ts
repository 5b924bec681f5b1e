import type { Model } from '../model/model';
import { labelValue } from './names';

/** Metadata of a Kubernetes resource. */
export interface ResourceMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

/** Label that says which of a Service's Deployments a pod belongs to. */
export const TRACK_LABEL = 'model-serving/track';
export const STABLE_TRACK = 'stable';

/**
 * Selects all pods of a service. The selector contains the service's name but not the model's version, because the
 * selector of a Deployment is immutable.
 */
export function serviceSelector(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'model-serving', 'app.kubernetes.io/instance': name };
}

/** Selects the pods of one Deployment of a service. */
export function trackSelector(name: string, track: string): Record<string, string> {
  return { ...serviceSelector(name), [TRACK_LABEL]: track };
}

/**
 * Labels that identify a model, shortened to valid values. @see
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels
 */
export function modelLabels(model: Model): Record<string, string> {
  return { 'app.kubernetes.io/version': labelValue(model.version), 'model-serving/model': labelValue(model.name) };
}

/** Annotations that identify a model exactly. */
export function modelAnnotations(model: Model): Record<string, string> {
  return {
    'model-serving/model': model.name,
    'model-serving/version': model.version,
    'model-serving/sha256': model.sha256,
  };
}
