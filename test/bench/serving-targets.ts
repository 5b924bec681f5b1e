import type { Cell, Figures } from './serving-figures';
import type { ModelName } from './serving-models';
import type { Protocol } from './subjects/exchange';
import { limitServer } from './subjects/limit-server';
import { bare, OURS } from './subjects/node-subjects';
import { MODEL_SERVERS, PYTHON_PEERS } from './subjects/python-peers';
import type { Subject } from './subjects/subject';
import { atLeast, atMost, compare, milliseconds, notRun, perSecond, type Row, type Target } from './table';

type Quantity = 'throughput' | 'p50Ms';

const FORMAT = { throughput: perSecond, p50Ms: milliseconds };
const TITLE: Record<ModelName, string> = { tiny: 'tiny model', mlp: '31 MB model', image: 'image model' };
const namesOf = (subjects: Subject[]) => subjects.map(({ name }) => name);

/** Compares the figures with the project's targets, in the order of docs/benchmarks.md. */
export function servingRows(figures: Record<ModelName, Figures>): Row[] {
  const against = (
    model: ModelName,
    quantity: Quantity,
    clients: number,
    rivals: string[],
    whom: string,
    target: Target,
  ) => {
    const who = clients === 1 ? 'one client' : `${clients} clients`;
    const what = `${quantity === 'p50Ms' ? 'p50' : 'throughput'}, ${TITLE[model]}, ${who}, JSON, against ${whom}`;
    const ours = cellOf(figures[model], OURS, 'JSON', clients);
    const best = bestOf(figures[model], rivals, quantity, clients);
    if (!ours || !best) return notRun(what, reasonOf(figures[model], rivals), target);
    return compare(what, ours[quantity], best[quantity], FORMAT[quantity], target, best.subject);
  };
  const peers: [string[], string] = [namesOf(PYTHON_PEERS), 'the best Python peer'];
  const servers: [string[], string] = [namesOf(MODEL_SERVERS), 'the best Python model server'];
  const limit: [string[], string] = [[limitServer.name], 'the Rust server'];
  const bareServer: [string[], string] = [[bare.name], 'bare node:http'];
  return [
    against('tiny', 'throughput', 16, ...peers, atLeast(12)),
    against('tiny', 'throughput', 64, ...peers, atLeast(12)),
    against('tiny', 'throughput', 16, ...servers, atLeast(12)),
    against('tiny', 'throughput', 64, ...servers, atLeast(12)),
    against('mlp', 'throughput', 16, ...peers, atLeast(4)),
    against('mlp', 'throughput', 64, ...peers, atLeast(6)),
    against('tiny', 'p50Ms', 1, ...peers, atMost(0.33)),
    against('tiny', 'p50Ms', 1, ...servers, atMost(0.33)),
    against('mlp', 'p50Ms', 1, ...peers, atMost(0.9)),
    againstRaw(figures.mlp, 'JSON', atLeast(0.88)),
    againstRaw(figures.mlp, 'binary', atLeast(0.95)),
    against('tiny', 'throughput', 64, ...limit, atLeast(0.5)),
    against('mlp', 'throughput', 64, ...limit, atLeast(0.95)),
    against('tiny', 'p50Ms', 1, ...bareServer, atMost(1.05)),
    against('tiny', 'throughput', 16, ...bareServer, atLeast(1.5)),
    against('tiny', 'throughput', 64, ...bareServer, atLeast(1.9)),
  ];
}

function againstRaw(figures: Figures, protocol: Protocol, target: Target): Row {
  const what = `throughput, 31 MB model, 64 clients, ${protocol}, against onnxruntime in process at batch 32`;
  const ours = cellOf(figures, OURS, protocol, 64);
  if (!ours) return notRun(what, reasonOf(figures, [OURS]), target);
  return compare(what, ours.throughput, figures.rawRowsPerSecond[32]!, perSecond, target);
}

function cellOf({ cells }: Figures, subject: string, protocol: Protocol, clients: number): Cell | undefined {
  return cells.find((cell) => cell.subject === subject && cell.protocol === protocol && cell.clients === clients);
}

function bestOf(figures: Figures, rivals: string[], quantity: Quantity, clients: number): Cell | undefined {
  const cells = rivals.flatMap((name) => cellOf(figures, name, 'JSON', clients) ?? []);
  const better = (a: Cell, b: Cell) => (quantity === 'p50Ms' ? a.p50Ms - b.p50Ms : b.throughput - a.throughput);
  return cells.sort(better)[0];
}

function reasonOf({ notRun }: Figures, subjects: string[]): string {
  const reasons = [OURS, ...subjects].flatMap((name) => (notRun[name] ? [`${name}: ${notRun[name]}`] : []));
  return reasons.join('; ') || 'see the notes';
}
