import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { ScalingTarget } from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

/** Error with exactly the given messages. An invalid number must not cause further messages. */
const said = (...problems: string[]) => new Error(problems.map((problem) => `stack/digits: ${problem}`).join('\n'));

const WHOLE = 'Use a whole number of at least 1. [not-positive]';
const PORT = 'Use an integer from 1 to 65535. [port-out-of-range]';

describe('a number that is a string or invalid is shown as the user wrote it', () => {
  test.each<[object, string]>([
    [{ memoryMiB: '512m' }, `memoryMiB is '512m'. ${WHOLE}`],
    [{ memoryMiB: '512' }, `memoryMiB is '512'. ${WHOLE}`],
    [{ memoryMiB: NaN }, `memoryMiB is NaN. ${WHOLE}`],
    [{ memoryMiB: { MiB: 512 } }, `memoryMiB is { MiB: 512 }. ${WHOLE}`],
    [{ memoryMiB: 0 }, `memoryMiB is 0. ${WHOLE}`],
    [{ port: '8080' }, `port is '8080'. ${PORT}`],
    [{ cpus: '2' }, "cpus is '2'. Use at least 0.01 CPUs, such as 0.5 or 2. [cpus-out-of-range]"],
    [
      { waitSeconds: '60' },
      "waitSeconds is '60'. Use a whole number of seconds, or 0 to disable waiting. [wait-seconds-invalid]",
    ],
    [{ logRotation: { maxFiles: '3' } }, `logRotation.maxFiles is '3'. ${WHOLE}`],
  ])('ContainerizedModel, %j', (props, problem) => {
    expect(() => synthStack((stack) => new ContainerizedModel(stack, 'digits', { model, ...props }))).toThrow(
      said(problem),
    );
  });

  const target = ScalingTarget.cpuUtilization(70);

  test.each<[object, ...string[]]>([
    [{ resources: { memoryMiB: '512Mi' } }, `resources.memoryMiB is '512Mi'. ${WHOLE}`],
    [
      { resources: { cpu: '500m' } },
      `resources.cpu is '500m'. Use at least 0.001 CPUs, such as 0.5 or 2, or "none". [cpus-out-of-range]`,
    ],
    [{ replicas: '3' }, `replicas is '3'. ${WHOLE}`],
    // Compared as strings, 2 is greater than 10.
    [
      { autoscaling: { minReplicas: '2', maxReplicas: '10', target } },
      `autoscaling.minReplicas is '2'. ${WHOLE}`,
      `autoscaling.maxReplicas is '10'. ${WHOLE}`,
    ],
    [
      { autoscaling: { maxReplicas: 10, scaleDownAfterSeconds: '60', target } },
      "autoscaling.scaleDownAfterSeconds is '60'. Use an integer from 0 to 3600. [scale-down-invalid]",
    ],
    [
      { rollout: { startupSeconds: '60', progressDeadlineSeconds: '30' } },
      "rollout.startupSeconds is '60'. Use an integer from 1 to 86400 (one day). [startup-seconds-invalid]",
      `rollout.progressDeadlineSeconds is '30'. ${WHOLE}`,
    ],
    [{ service: { port: '80' } }, `service.port is '80'. ${PORT}`],
  ])('ScalableModelService, %j', (props, ...problems) => {
    expect(() => synthService({ model, ...props })).toThrow(said(...problems));
  });
});
