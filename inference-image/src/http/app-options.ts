import type { Inflater } from '../budget/inflater';
import type { MemoryBudget } from '../budget/memory-budget';
import type { Codec } from '../codec/codec';
import type { PictureReader } from '../pictures/picture-reader';
import type { DataPlane } from '../inference/data-plane';
import type { Log } from '../base/log';
import type { Metrics } from '../metrics/metrics';
import type { ModelManifest } from '../contract/model-manifest';
import type { ModelTuning } from '../protocol/metadata';
import type { CrossOriginRules } from './cross-origin';
import type { Page } from './page-routes';
import type { UnreadAnswers } from '../budget/unread-answers';

/** Everything that the HTTP server needs from the rest of the server. */
export interface AppOptions extends CrossOriginRules {
  readonly model: ModelManifest;
  /** Tuning of the model; read on each request, because parts of the tuning are known only after the warm-up. */
  readonly tuning: ModelTuning;
  readonly codec: Codec;
  /** Reader of picture files, if the model accepts them. */
  readonly pictures?: PictureReader;
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly maxRequestBytes: number;
  readonly budget: MemoryBudget;
  readonly inflater: Inflater;
  readonly unread: UnreadAnswers;
  /** Time limit from the first byte of a request to its last. */
  readonly receiveTimeoutSeconds: number;
  /** Time for which a connection may be idle between two requests. */
  readonly idleTimeoutSeconds: number;
  /** Page at `/`. @default - no page */
  readonly page?: Page;
}
