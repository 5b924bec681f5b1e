import { measureModel, type Figures } from './serving-figures';
import { servingModel, type ModelName } from './serving-models';
import { servingRows } from './serving-targets';
import type { Effort, Report } from './report';
import { count, latency, table } from './table';

export const CLIENTS = [1, 16, 64] as const;
const MODELS: ModelName[] = ['tiny', 'mlp', 'image'];

/** Measures the throughput and latency of our server, the Python peers and the limit server, with three models. */
export async function serving(effort: Effort): Promise<Report> {
  const all = {} as Record<ModelName, Figures>;
  for (const name of MODELS) all[name] = await measureModel(servingModel(name), effort);
  return { rows: servingRows(all), figures: MODELS.flatMap((name) => figuresOf(all[name])) };
}

function figuresOf({ model, cells, notRun, rawRowsPerSecond }: Figures): string[] {
  const tables = (['JSON', 'binary'] as const).map((protocol) => {
    const of = cells.filter((cell) => cell.protocol === protocol);
    const rows = [...new Set(of.map(({ subject }) => subject))].map((subject) => [
      subject,
      ...CLIENTS.flatMap((clients) => {
        const cell = of.find((c) => c.subject === subject && c.clients === clients);
        if (!cell) return ['failed', '', ''];
        const { throughput, p50Ms, p99Ms, refused } = cell;
        return [count(throughput) + (refused ? ` (${count(refused)} refused)` : ''), latency(p50Ms), latency(p99Ms)];
      }),
    ]);
    const head = [
      '',
      ...CLIENTS.flatMap((n) => [`${n === 1 ? '1 client' : `${n} clients`}: req/s`, 'p50 ms', 'p99 ms']),
    ];
    return `### ${model.title}, ${protocol}\n\n${table(head, rows)}`;
  });
  const raw = Object.entries(rawRowsPerSecond).map(([rows, rate]) => `${count(rate)} rows/s at batch ${rows}`);
  const notes = [
    ...(raw.length ? [`onnxruntime in process, one thread: ${raw.join(', ')}.`] : []),
    ...Object.entries(notRun).map(([subject, reason]) => `${subject}: not run: ${reason}.`),
  ];
  return notes.length ? [...tables, notes.join('\n\n')] : tables;
}
