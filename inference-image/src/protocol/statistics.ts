import type { ModelManifest } from '../contract/model-manifest';

/** Number of events, and their total duration in seconds. */
export interface Total {
  readonly count: number;
  readonly sum: number;
}

/** Totals since the server's start. */
export interface InferenceTotals {
  /** Milliseconds since the epoch; 0 before the first request. */
  readonly lastRequestAt: number;
  /** Total rows of all runs. */
  readonly rows: number;
  readonly success: Total;
  readonly fail: Total;
  readonly queue: Total;
  readonly decode: Total;
  /** Runs counted by request: a shared run counts once for each of its requests. */
  readonly requestRuns: Total;
  readonly encode: Total;
  readonly runs: Total;
  /** Runs by number of rows. */
  readonly runsByRows: Iterable<readonly [rows: number, runs: Total]>;
}

const NEVER: Total = { count: 0, sum: 0 };

/** https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md */
export function modelStatistics({ name, version }: ModelManifest, totals: InferenceTotals) {
  const modelStats = {
    name,
    version,
    last_inference: totals.lastRequestAt,
    inference_count: totals.rows,
    execution_count: totals.runs.count,
    inference_stats: {
      success: duration(totals.success),
      fail: duration(totals.fail),
      queue: duration(totals.queue),
      compute_input: duration(totals.decode),
      compute_infer: duration(totals.requestRuns),
      compute_output: duration(totals.encode),
      // Responses are not cached.
      cache_hit: duration(NEVER),
      cache_miss: duration(NEVER),
    },
    batch_stats: [...totals.runsByRows]
      .sort(([a], [b]) => a - b)
      .map(([rows, runs]) => ({
        batch_size: rows,
        // Requests that share a run are decoded and encoded one by one, so these steps have no batch size.
        compute_input: duration(NEVER),
        compute_infer: duration(runs),
        compute_output: duration(NEVER),
      })),
  };
  return { model_stats: [modelStats] };
}

function duration({ count, sum }: Total) {
  return { count, ns: Math.round(sum * 1e9) };
}
