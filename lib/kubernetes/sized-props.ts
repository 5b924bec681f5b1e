import type { Sizing } from '../sizing/sizing';
import { DEFAULT_REPLICAS, sizedAutoscaling } from './autoscaling';
import { isCapacity, replicasFor } from './capacity';
import type { ScalableModelServiceProps } from './service-props';

/** Adds the number of replicas and the autoscaler's target that are derived from the sizing. */
export function sizedProps(props: ScalableModelServiceProps, sizing: Sizing | undefined): ScalableModelServiceProps {
  if (!sizing) return props;
  const { replicas, autoscaling } = props;
  const capacity = props.capacity && isCapacity(props.capacity) ? props.capacity : undefined;
  if (autoscaling) return { ...props, autoscaling: sizedAutoscaling(autoscaling, sizing, capacity?.headroom) };
  const enough = capacity && Math.max(DEFAULT_REPLICAS, replicasFor(capacity, sizing));
  return { ...props, replicas: replicas ?? enough };
}
