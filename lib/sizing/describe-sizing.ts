import { cpuTarget, startupBudget } from './headroom';
import { otherCpuText } from '../profile/cpu-speed';
import { measuredOn, loadText, MAX_LOAD } from '../profile/describe-profile';
import type { ModelProfile } from '../profile/model-profile';
import { rateText, shapeText } from './sizing-text';
import { sizeReplica, type SizedModel } from './sizing';

/** The sizes that constructs derive from a profile if no prop sets them, as labels and values of a table. */
export function describeSizing(profile: ModelProfile, model: SizedModel): [label: string, text: string][] {
  const sizing = sizeReplica(profile, model);
  const otherCpu = otherCpuText(profile.machine);
  return [
    ['profile', `measured on ${measuredOn(profile)}${busyText(profile)}`],
    ...(otherCpu ? [['CPU', `${otherCpu}; CPUs and rates may differ by this factor`] as [string, string]] : []),
    ['replica', `${shapeText(sizing)}, ${sizing.memoryMiB} MiB`],
    ['rate', rateText(sizing.requestsPerSecond)],
    ['queue', `${sizing.maxQueueLength} requests`],
    ['start', `within ${startupBudget(profile.start.readySeconds, model)} s`],
    ['scaling', `at ${cpuTarget(sizing)} % CPU utilization`],
  ];
}

function busyText({ machine: { otherLoad = 0 } }: ModelProfile): string {
  return otherLoad > MAX_LOAD ? `, while other processes used ${loadText(otherLoad)} of its CPU time` : '';
}
