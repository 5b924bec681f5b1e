import { Annotations, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { bytesText } from '../base/bytes-text';
import { requestLimits } from '../sizing/memory';
import type { Model } from '../model/model';
import type { ServingOptions } from './serving-options';

/**
 * Adds a note to the plan with the maximum size of requests and the memory that they share.
 * @param serving - options including derived ones
 */
export function noteRequests(scope: Construct, model: Model, serving: ServingOptions, memoryMiB: number): void {
  const { maxRequestBytes, requestBudgetBytes, executors } = serving;
  if (Token.isUnresolved(maxRequestBytes)) return;
  const limits = requestLimits(model, serving, memoryMiB);
  const source =
    maxRequestBytes === undefined
      ? 'derived from its signature; override it with serving.maxRequestBytes'
      : 'serving.maxRequestBytes';
  const isKnown = ![memoryMiB, requestBudgetBytes, executors].some(Token.isUnresolved);
  const together = isKnown ? `, which share ${bytesText(limits.requestBudgetBytes)} of memory` : '';
  Annotations.of(scope).addInfo(
    `Model "${model.name}" accepts requests of up to ${bytesText(limits.maxRequestBytes)} (${source})${together}.`,
  );
}
