import type { HorizontalPodAutoscalerV2SpecMetric } from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2';
import { CONTAINER_NAME } from './model-deployment';
import { decimalQuantity } from './compute-resources';

/** A metric that the autoscaler keeps at a value by adding and removing replicas. */
export class ScalingTarget {
  /**
   * CPU time of a replica, as a percentage of its CPU request. Only the server's container counts, so that a sidecar
   * without a CPU request does not disable the autoscaler. Requires Kubernetes 1.27 or newer.
   */
  static cpuUtilization(percent: number): ScalingTarget {
    return new ScalingTarget('cpu', percent, {
      type: 'ContainerResource',
      containerResource: {
        name: 'cpu',
        container: CONTAINER_NAME,
        target: { type: 'Utilization', averageUtilization: percent },
      },
    });
  }

  /**
   * Running and waiting requests in each replica. Requires an adapter that serves `inference_in_flight` as a custom
   * metric.
   */
  static inFlightPerReplica(requests: number): ScalingTarget {
    return ScalingTarget.podsMetric('inference_in_flight', requests);
  }

  /** Waiting requests in each replica. Requires an adapter that serves `inference_queue_length` as a custom metric. */
  static queueLengthPerReplica(requests: number): ScalingTarget {
    return ScalingTarget.podsMetric('inference_queue_length', requests);
  }

  /**
   * Average of a custom metric over all replicas: a gauge, or a rate that an adapter computes. Counters of the server
   * are rejected at synth.
   */
  static podsMetric(name: string, average: number): ScalingTarget {
    return new ScalingTarget(name, average, {
      type: 'Pods',
      pods: { metric: { name }, target: { type: 'AverageValue', averageValue: decimalQuantity(average) } },
    });
  }

  private constructor(
    /** `cpu`, or the name of a pods metric. */
    readonly metricName: string,
    /** Value to maintain; a percentage for `cpu`. */
    readonly value: number,
    /** Metric in the form of the autoscaler's API. */
    readonly metric: HorizontalPodAutoscalerV2SpecMetric,
  ) {}

  get isCpu(): boolean {
    return this.metric.type === 'ContainerResource';
  }
}

/**
 * Pattern for the names of the server's series that only increase: counters, and the series of histograms. The gauges
 * `nodejs_active_*_total` do not match.
 */
const COUNTER =
  /^(inference_.+_(total|bucket|sum|count)|process_cpu_.+_total|nodejs_gc_duration_seconds_(bucket|sum|count))$/;

/** Whether a pods metric has the name of one of the server's counters. */
export function isServerCounter(metric: string): boolean {
  return COUNTER.test(metric);
}

/** The target to use instead of a counter. Unlike the counter, it falls when the load falls. */
export function targetInstead(counter: string): string {
  if (counter.startsWith('process_cpu_')) return 'ScalingTarget.cpuUtilization';
  if (counter.startsWith('inference_queue_'))
    return 'the gauge inference_queue_length (ScalingTarget.queueLengthPerReplica)';
  return 'the gauge inference_in_flight (ScalingTarget.inFlightPerReplica)';
}
