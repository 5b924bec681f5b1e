import type { Problem } from '../base/errors';
import { type AttributeMessage, type CalledNode, domainName, type NodeMessage, nodeName } from '../onnx/decoded-model';
import { modelErrors } from './errors';
import { type NeededLocale, type OnnxGraph } from './onnx-graph';

/** Locale that onnxruntime uses on Linux if a node names none. */
const DEFAULT_LOCALE = 'en_US.UTF-8';

/**
 * Matches the locales in the base image. An empty name selects the locale of the process, which is C because the image
 * sets none.
 */
const IN_IMAGE = /^(?:|C|POSIX|C\.(?:utf|UTF)-?8)$/;

/**
 * Finds the locales that nodes need. Only StringNormalizer needs one: the runtime requests it from the system to change
 * the case of strings or to compare them regardless of case.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/text/string_normalizer.cc
 */
export function localesIn(nodes: readonly CalledNode[]): NeededLocale[] {
  const found = nodes.flatMap((called) => (isStringNormalizer(called.node) ? localeOf(called) : []));
  // Calls with different attributes may need the same locale.
  return [...new Map(found.map((needed) => [JSON.stringify(needed), needed])).values()];
}

/**
 * Checks that the image has the locales that a model needs. A model that fails this check may still load on a system
 * with more locales.
 */
export function checkLocales(path: string, { locales }: OnnxGraph): Problem[] {
  return locales
    .filter(({ locale }) => !IN_IMAGE.test(locale))
    .map((needed) => modelErrors.localeMissing(path, needed));
}

function isStringNormalizer({ domain, opType }: NodeMessage): boolean {
  return opType === 'StringNormalizer' && domainName(domain) === 'ai.onnx';
}

function localeOf({ node, attributes }: CalledNode): NeededLocale[] {
  const attribute = (name: string) => attributes.find((each) => each.name === name);
  const locale = attribute('locale');
  if (!usesLocale(attribute)) return [];
  return [{ node: nodeName(node), locale: locale ? textOf(locale) : DEFAULT_LOCALE, isDefault: !locale }];
}

function usesLocale(attribute: (name: string) => AttributeMessage | undefined): boolean {
  const action = attribute('case_change_action');
  const isCaseSensitive = attribute('is_case_sensitive')?.i === 1;
  const hasStopwords = (attribute('stopwords')?.stringsCount ?? 0) > 0;
  return (action && textOf(action) !== 'NONE') || (!isCaseSensitive && hasStopwords);
}

function textOf({ s }: AttributeMessage): string {
  return Buffer.from(s).toString('utf8');
}
