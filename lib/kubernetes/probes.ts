import type {
  DeploymentV1SpecTemplateSpecContainerLivenessProbe,
  DeploymentV1SpecTemplateSpecContainerReadinessProbe,
  DeploymentV1SpecTemplateSpecContainerStartupProbe,
} from '@cdktf/provider-kubernetes/lib/deployment-v1';

interface Probes {
  readonly startupProbe: DeploymentV1SpecTemplateSpecContainerStartupProbe;
  readonly readinessProbe: DeploymentV1SpecTemplateSpecContainerReadinessProbe;
  readonly livenessProbe: DeploymentV1SpecTemplateSpecContainerLivenessProbe;
}

const STARTUP_PERIOD = 2;

/** Maximum start time of a replica in seconds, rounded up to whole periods of its startup probe. */
export function probedStartupSeconds(startupSeconds: number): number {
  return STARTUP_PERIOD * startupFailures(startupSeconds);
}

/**
 * Probes on the protocol's health paths. A replica has started when its model is ready. If this takes longer than
 * `startupSeconds`, Kubernetes restarts the replica, and the end of its log becomes its termination message. After the
 * start, the liveness probe, which does not run the model, controls restarts, and the readiness probe controls traffic.
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md#health
 */
export function probes(startupSeconds: number): Probes {
  return {
    startupProbe: {
      ...httpGet('/v2/health/ready'),
      ...timing(STARTUP_PERIOD),
      failureThreshold: startupFailures(startupSeconds),
    },
    readinessProbe: { ...httpGet('/v2/health/ready'), ...timing(5), failureThreshold: 2 },
    livenessProbe: { ...httpGet('/v2/health/live'), ...timing(10), failureThreshold: 3 },
  };
}

function startupFailures(startupSeconds: number): number {
  return Math.max(1, Math.ceil(startupSeconds / STARTUP_PERIOD));
}

function httpGet(path: string) {
  return { httpGet: { path, port: 'http', scheme: 'HTTP' } };
}

/**
 * Timing of a probe, with a timeout of 3 s. On a busy node, a probe can take longer than Kubernetes' default of 1 s.
 */
function timing(periodSeconds: number) {
  return { periodSeconds, timeoutSeconds: 3, successThreshold: 1 };
}
