import type { Sizing } from '../profile/sizing';
import { DEFAULT_REPLICAS, sizedAutoscaling } from './autoscaling';
import { isCapacity, replicasFor } from './capacity';
import type { ScalableModelServiceProps } from './scalable-model-service';

/** Adds the derived number of replicas and the derived target of the autoscaler. */
export function sizedProps(props: ScalableModelServiceProps, sizing: Sizing | undefined): ScalableModelServiceProps {
  if (!sizing) return props;
  const { replicas, autoscaling } = props;
  const capacity = props.capacity && isCapacity(props.capacity) ? props.capacity : undefined;
  if (autoscaling) return { ...props, autoscaling: sizedAutoscaling(autoscaling, sizing, capacity?.headroom) };
  const enough = capacity && Math.max(DEFAULT_REPLICAS, replicasFor(capacity, sizing));
  return { ...props, replicas: replicas ?? enough };
}
