import type { ContainerHealthcheck } from '@cdktf/provider-docker/lib/container';

/**
 * Healthy once the model is ready. No shell: node runs the image's own script.
 * @param startSeconds how long failures do not count
 */
export function healthCheck(nodePath: string, startSeconds: number): ContainerHealthcheck {
  return {
    test: ['CMD', nodePath, '/app/healthcheck.cjs'],
    interval: goDuration(5),
    timeout: goDuration(5),
    retries: 3,
    startPeriod: goDuration(startSeconds),
  };
}

/** As the provider reads durations back: it takes "120s", and then finds a difference to "2m0s" at every plan. */
function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds % 60}s`;
}
