import type { Inflater } from '../budget/inflater';
import type { MemoryBudget } from '../budget/memory-budget';
import type { UnreadAnswers } from '../budget/unread-answers';
import type { ModelManifest } from '../contract/model-manifest';
import type { DataPlane } from '../inference/data-plane';
import type { Log } from '../base/log';
import type { Metrics } from '../metrics/metrics';
import type { ModelTuning } from '../protocol/model-config';

export interface GrpcOptions {
  readonly model: ModelManifest;
  readonly tuning: ModelTuning;
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly maxRequestBytes: number;
  readonly budget: MemoryBudget;
  readonly inflater: Inflater;
  readonly unread: UnreadAnswers;
  readonly receiveTimeoutSeconds: number;
  readonly sendTimeoutSeconds: number;
  readonly maxConnectionAgeSeconds: number;
}
