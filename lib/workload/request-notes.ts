import { Annotations, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { bytesText } from '../bytes-text';
import { requestLimits } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import type { ServingOptions } from '../serving-options';

/**
 * States in the plan how large requests may be, and how much memory they have together.
 * @param serving With what was derived.
 */
export function noteRequests(scope: Construct, model: OnnxModel, serving: ServingOptions, memoryMiB: number): void {
  const { maxRequestBytes, requestBudgetBytes, executors } = serving;
  if (Token.isUnresolved(maxRequestBytes)) return;
  const limits = requestLimits(model, serving, memoryMiB);
  const source =
    maxRequestBytes === undefined
      ? 'by its signature; serving.maxRequestBytes sets another limit'
      : 'serving.maxRequestBytes';
  const isKnown = ![memoryMiB, requestBudgetBytes, executors].some(Token.isUnresolved);
  const together = isKnown ? `, and ${bytesText(limits.requestBudgetBytes)} of memory for all of them together` : '';
  Annotations.of(scope).addInfo(
    `Model "${model.name}" takes requests of up to ${bytesText(limits.maxRequestBytes)} (${source})${together}.`,
  );
}
