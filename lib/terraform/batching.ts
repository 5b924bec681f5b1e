import { Annotations, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { obstacleText } from '../../inference-image/src/contract/batching-verdict';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import type { Model } from '../model/model';
import type { Problems } from './props';
import type { ServingOptions } from './serving-options';
import { workloadErrors } from './errors';

/** Checks that options for shared runs are used only with models that allow them. */
export function checkBatchable(
  where: string,
  { maxBatchSize, maxBatchDelaySeconds, rowIndependence }: ServingOptions,
  model: Model | undefined,
  problems: Problems,
): void {
  if (!model) return;
  const { verdict } = model.batching;
  const isFixed = verdict === 'fixed';
  if (!isFixed && (verdict !== 'coupled' || mayAssume(rowIndependence))) return;
  const refusal = (option: keyof ServingOptions) => (value: number | string) =>
    workloadErrors.batchingImpossible(where, option, value, model);
  problems.check(maxBatchSize, (rows) => rows <= 1, refusal('maxBatchSize'));
  problems.check(maxBatchDelaySeconds, (seconds) => seconds <= 0, refusal('maxBatchDelaySeconds'));
  if (isFixed) problems.check(rowIndependence, (value) => value !== 'assume', refusal('rowIndependence'));
}

/** Checks the batch delay against the options that it depends on. */
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

/** Adds a note to the plan that says whether requests share runs and, if they do not, why. */
export function noteBatching(
  scope: Construct,
  { maxBatchSize, maxBatchDelaySeconds, rowIndependence }: ServingOptions,
  { name, batching, rebatchable }: Model,
): void {
  if (maxBatchSize === 1 || [maxBatchSize, maxBatchDelaySeconds, rowIndependence].some(Token.isUnresolved)) return;
  const annotations = Annotations.of(scope);
  const obstacle = obstacleText(batching);
  if (obstacle === undefined) {
    annotations.addInfo(`Model "${name}" may run requests together: its graph proves that rows are independent.`);
  } else if (rowIndependence === 'assume') {
    annotations.addWarning(
      `Model "${name}" runs requests together because serving.rowIndependence is 'assume', but ${obstacle}. Answers may depend on the other requests in the same run.`,
    );
  } else if (maxBatchSize !== undefined || maxBatchDelaySeconds) {
    const [option, value] =
      maxBatchSize === undefined ? ['maxBatchDelaySeconds', maxBatchDelaySeconds] : ['maxBatchSize', maxBatchSize];
    annotations.addWarning(
      `serving.${option} is ${value}, but model "${name}" runs requests one by one: ${obstacle}. Omit ${option}, or set serving.rowIndependence to 'assume' if you know that rows are independent.`,
    );
  } else {
    const remedy = rebatchable ? ' `model-serving rebatch` can free the first dimension.' : '';
    annotations.addInfo(`Model "${name}" runs requests one by one: ${obstacle}.${remedy}`);
  }
}

/** Whether rows may be assumed to be independent without a proof: the option is `assume` or a Terraform token. */
function mayAssume(rowIndependence: ServingOptions['rowIndependence']): boolean {
  return rowIndependence === 'assume' || Token.isUnresolved(rowIndependence);
}
