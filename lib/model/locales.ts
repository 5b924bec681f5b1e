import type { Problem } from '../errors';
import { domainName, functionKey, type AttributeMessage, type ModelMessage, type NodeMessage } from './decoded-model';
import { modelErrors } from './errors';
import { nodeName, type NeededLocale, type OnnxGraph } from './onnx-graph';

/** Locale that onnxruntime uses on Linux if a node names none. */
const DEFAULT_LOCALE = 'en_US.UTF-8';

/**
 * Locales of the base image. An empty name selects the locale of the process, which is C because the image sets none.
 */
const IN_IMAGE = /^(?:|C|POSIX|C\.(?:utf|UTF)-?8)$/;

/** Maximum number of different calls of functions to follow. The calls of nested functions can multiply. */
const MAX_CALLS = 10_000;

/** The nodes of a graph or function, and the attributes that its call sets. */
interface Call {
  readonly nodes: readonly NodeMessage[];
  readonly given: readonly AttributeMessage[];
}

/**
 * Finds the locales that nodes need. Only StringNormalizer uses one: the runtime requests it from the system to change
 * the case of texts or to compare them regardless of case.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/text/string_normalizer.cc
 */
export function localesIn({ graph, functions }: ModelMessage): NeededLocale[] {
  const own = new Map(functions.map((each) => [functionKey(each.domain, each.name, each.overload), each]));
  const found: NeededLocale[] = [];
  const calls: Call[] = [{ nodes: graph?.node ?? [], given: [] }];
  const known = new Set<string>();
  // The list grows during the loop, because functions can call other functions.
  for (const { nodes, given } of calls) {
    for (const node of nodes.flatMap(withNested)) {
      const attributes = node.attribute.flatMap((attribute) => resolved(attribute, given));
      if (isStringNormalizer(node)) found.push(...localeOf(nodeName(node), attributes));
      const called = own.get(functionKey(node.domain, node.opType, node.overload));
      if (!called) continue;
      const call = { nodes: called.node, given: withDefaults(attributes, called.attributeProto) };
      const key = JSON.stringify([called.domain, called.name, called.overload, call.given.map(keyOf)]);
      if (!known.has(key) && calls.length < MAX_CALLS) calls.push(call);
      known.add(key);
    }
  }
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

/** A node and the nodes of the graphs inside it, at any depth. */
function withNested(node: NodeMessage): NodeMessage[] {
  const graphs = node.attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs));
  return [node, ...graphs.flatMap((graph) => graph.node.flatMap(withNested))];
}

/** An attribute with its value, which a function takes from its call. Empty if the call does not set it. */
function resolved(attribute: AttributeMessage, given: readonly AttributeMessage[]): AttributeMessage[] {
  const { name, refAttrName } = attribute;
  if (!refAttrName) return [attribute];
  return given.filter((each) => each.name === refAttrName).map((each) => ({ ...each, name }));
}

function withDefaults(
  attributes: readonly AttributeMessage[],
  defaults: readonly AttributeMessage[],
): readonly AttributeMessage[] {
  return [...attributes, ...defaults.filter(({ name }) => !attributes.some((each) => each.name === name))];
}

/** The parts of an attribute that StringNormalizer reads. */
function keyOf({ name, s, i, stringsCount }: AttributeMessage): unknown[] {
  return [name, Buffer.from(s).toString('base64'), i, stringsCount];
}

function isStringNormalizer({ domain, opType }: NodeMessage): boolean {
  return opType === 'StringNormalizer' && domainName(domain) === 'ai.onnx';
}

function localeOf(node: string, attributes: readonly AttributeMessage[]): NeededLocale[] {
  const attribute = (name: string) => attributes.find((each) => each.name === name);
  const locale = attribute('locale');
  if (!usesLocale(attribute)) return [];
  return [{ node, locale: locale ? textOf(locale) : DEFAULT_LOCALE, isDefault: !locale }];
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
