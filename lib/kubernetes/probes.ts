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

/** How long a replica may take to start, in seconds: in whole periods of its startup probe. */
export function probedStartupSeconds(startupSeconds: number): number {
  return STARTUP_PERIOD * startupFailures(startupSeconds);
}

/**
 * Asked on the protocol's own paths. A replica has started once its model is ready; one that does not get there within
 * `startupSeconds` is restarted, and its log becomes its termination message. After that live decides about
 * restarts, which never asks the model, and ready about traffic.
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

/** Kubernetes gives a probe one second by default, which a busy node may well exceed. */
function timing(periodSeconds: number) {
  return { periodSeconds, timeoutSeconds: 3, successThreshold: 1 };
}
