import { Annotations, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';
import type { OnnxModel } from '../model/onnx-model';
import type { Problems } from '../problems';
import type { ServingOptions } from '../serving-options';
import { workloadErrors } from './errors';

/** Checks that requests are asked to share runs only where the model lets them. */
export function checkBatchable(
  where: string,
  { maxBatchSize, maxBatchDelaySeconds, rowIndependence }: ServingOptions,
  model: OnnxModel | undefined,
  problems: Problems,
): void {
  if (!model || model.batching.possible) return;
  const { reason } = model.batching;
  const refusal = (option: keyof ServingOptions) => (value: number | string) =>
    workloadErrors.batchingImpossible(where, option, value, model, reason);
  problems.check(maxBatchSize, (rows) => rows <= 1, refusal('maxBatchSize'));
  problems.check(maxBatchDelaySeconds, (seconds) => seconds <= 0, refusal('maxBatchDelaySeconds'));
  problems.check(rowIndependence, (value) => value !== 'assume', refusal('rowIndependence'));
}

/** Checks a delay against the options that it depends on. */
export function checkBatchDelay(
  where: string,
  { maxBatchSize, maxBatchDelaySeconds, queueTimeoutSeconds = SETTING_DEFAULTS.queueTimeoutSeconds }: ServingOptions,
  problems: Problems,
): void {
  const isUsed = (seconds: number) => maxBatchSize !== 1 || seconds <= 0;
  const isOver = (seconds: number) => Token.isUnresolved(queueTimeoutSeconds) || seconds < queueTimeoutSeconds;
  problems.check(maxBatchDelaySeconds, isUsed, (seconds) => workloadErrors.batchDelayUnused(where, seconds));
  problems.check(maxBatchDelaySeconds, isOver, (seconds) =>
    workloadErrors.batchDelayTooLong(where, seconds, queueTimeoutSeconds),
  );
}

/** Says at synth that requests will run one by one, where one might think otherwise. */
export function noteBatching(
  scope: Construct,
  { maxBatchSize, rowIndependence }: ServingOptions,
  { name, batching }: OnnxModel,
): void {
  if ([maxBatchSize, rowIndependence].some(Token.isUnresolved)) return;
  if (!batching.possible) {
    if (maxBatchSize === 1) return;
    Annotations.of(scope).addInfo(`Model "${name}" runs requests one by one: ${batching.reason}.`);
  } else if (batching.caution && maxBatchSize !== undefined && maxBatchSize > 1 && rowIndependence !== 'assume') {
    Annotations.of(scope).addWarning(
      `serving.maxBatchSize is ${maxBatchSize}, but model "${name}" will most likely run requests one by one: ${batching.caution}, and the server refuses to merge rows that change each other. Leave maxBatchSize out; or set serving.rowIndependence to 'assume', where an answer may depend on what else is in its run.`,
    );
  }
}
