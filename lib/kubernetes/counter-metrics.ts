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
