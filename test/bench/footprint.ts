import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from './load/generator';
import type { Effort, Report } from './report';
import { servingModel } from './serving-models';
import { SUBJECTS } from './subjects/all';
import { requestBytes } from '../../lib/measuring/http-connection';
import { ours } from './subjects/node-subjects';
import { RunningSubject } from './subjects/subject';
import { median } from '../../lib/base/quantile';
import { atMost, compare, megabytes, milliseconds, notRun, table } from './table';

/**
 * Measures, with the tiny model, how long each subject takes to start and answer, and how much memory it uses when
 * idle.
 */
export async function footprint({ rounds }: Effort): Promise<Report> {
  const model = servingModel('tiny');
  const subjects = SUBJECTS.filter(({ name }) => !name.endsWith('batching'));
  const samples = Object.fromEntries(
    subjects.map(({ name }) => [name, { starts: [] as number[], bytes: [] as number[] }]),
  );
  const reasons: Record<string, string> = {};
  for (let round = 0; round < rounds; round++) {
    console.error(`start and memory: round ${round + 1} of ${rounds}`);
    for (const subject of subjects) {
      try {
        const running = await RunningSubject.start(subject, model);
        const request = requestBytes(running.exchanges.JSON!);
        await generate('closedLoop', { host: '127.0.0.1', port: running.port, request, connections: 1, seconds: 0.1 });
        await sleep(1000);
        samples[subject.name]!.starts.push(running.startMs);
        samples[subject.name]!.bytes.push(running.memoryBytes());
        await running.stop();
      } catch (error) {
        reasons[subject.name] = (error as Error).message;
      }
    }
  }
  const lines = subjects.map(({ name }) => {
    const { starts, bytes } = samples[name]!;
    return reasons[name]
      ? [name, `not run: ${reasons[name]}`, '']
      : [name, milliseconds(median(starts)), megabytes(median(bytes))];
  });
  const memory = (name: string) => median(samples[name]!.bytes);
  const what = 'memory, idle, tiny model, against MLServer';
  const reason = reasons[ours.name] ?? reasons.MLServer;
  const row = reason
    ? notRun(what, reason, atMost(0.6))
    : compare(what, memory(ours.name), memory('MLServer'), megabytes, atMost(0.6));
  const head = ['', 'start to first answer', 'memory, idle'];
  return { rows: [row], figures: [`### Start and memory, tiny model\n\n${table(head, lines)}`] };
}
