import type { Model } from '../model/model';
import type { Sizing } from '../sizing/sizing';
import { type Autoscaling, DEFAULT_REPLICAS, sizedAutoscaling } from './autoscaling';
import { type Capacity, isCapacity, replicasFor } from './capacity';
import { type ReplicaSizes, replicaSizes } from './replica-sizes';
import type { ScalableModelServiceProps } from './service-props';

/** Sizes of a service: those of each replica, and the number of replicas. */
export interface ServiceSizes extends ReplicaSizes {
  /** As set, as many as the capacity needs, or the default; undefined if an autoscaler sets the number. */
  readonly replicas?: number;
  /** Bounds of the autoscaler and its target, which may be derived from the profile. */
  readonly autoscaling?: Autoscaling;
}

/** Resolves the sizes of a service. */
export function serviceSizes(model: Model, props: ScalableModelServiceProps): ServiceSizes {
  const { replicas, autoscaling } = props;
  // An invalid capacity has no effect here and is reported elsewhere.
  const capacity = props.capacity && isCapacity(props.capacity) ? props.capacity : undefined;
  const sizes = replicaSizes(model, props);
  if (!autoscaling) return { ...sizes, replicas: replicas ?? sufficientReplicas(capacity, sizes.sizing) };
  return { ...sizes, autoscaling: sizedAutoscaling(autoscaling, sizes.sizing, capacity?.headroom) };
}

/** Number of replicas that is enough for the capacity, and at least the default. */
function sufficientReplicas(capacity: Capacity | undefined, sizing: Sizing | undefined): number {
  return capacity && sizing ? Math.max(DEFAULT_REPLICAS, replicasFor(capacity, sizing)) : DEFAULT_REPLICAS;
}
