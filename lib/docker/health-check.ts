import type { ContainerHealthcheck } from '@cdktf/provider-docker/lib/container';

/**
 * Health check that passes once the model is ready. It runs a script in the image with node, without a shell.
 * @param startSeconds - time during which failures do not count
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

/**
 * Formats a duration as the provider reads it back. The provider reads "120s" back as "2m0s", and would show the
 * difference in every plan.
 */
function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds % 60}s`;
}
