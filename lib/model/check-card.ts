import type { Problem } from '../base/errors';
import { isObject } from '../base/committed-file';
import { CARD_TEXTS, cardErrors, type CardText, type ModelCard, sortedMetrics } from './model-card';

/**
 * Maximum size of a field in bytes. containerd rejects labels whose name and value together exceed 4096 bytes:
 * https://github.com/containerd/containerd/blob/main/pkg/labels/validate.go
 */
const MAX_BYTES = 4000;

/** Fields whose text may have several lines. */
const LINES: ReadonlySet<CardText> = new Set(['description', 'trainingData']);

const URL_SCHEMES: Partial<Record<CardText, readonly string[]>> = {
  source: ['https', 'http', 'ssh', 'git', 'git+https', 'git+ssh'],
  documentation: ['https', 'http'],
};

/** Validates a card; `where` is the path of the model file, for messages. */
export function checkCard(where: string, card: ModelCard): Problem[] {
  const { metrics, ...texts } = card;
  return [
    ...Object.entries(texts)
      .filter(([, value]) => value !== undefined)
      .flatMap(([field, value]) => checkField(`${where}: card.${field}`, field, value)),
    ...(metrics === undefined ? [] : checkMetrics(`${where}: card.metrics`, metrics)),
  ];
}

function checkField(label: string, field: string, value: unknown): Problem[] {
  if (!Object.hasOwn(CARD_TEXTS, field)) return [cardErrors.unknownField(label)];
  return checkText(label, field as CardText, value);
}

/** Validates one field; returns at most one problem. */
export function checkText(label: string, field: CardText, value: unknown): Problem[] {
  const problem = textProblem(label, value, LINES.has(field));
  if (problem) return [problem];
  const text = value as string;
  if (field === 'license' && !isLicense(text)) return [cardErrors.licenseInvalid(label, text)];
  const schemes = URL_SCHEMES[field];
  return schemes ? urlProblems(label, text, schemes) : [];
}

/** Validates each metric, and the total size of all metrics, which share one image label. */
export function checkMetrics(label: string, metrics: unknown): Problem[] {
  if (!isObject(metrics)) return [cardErrors.metricsInvalid(label, metrics)];
  const problems = Object.entries(metrics).flatMap(([name, value]) => checkMetric(label, name, value));
  const bytes = Buffer.byteLength(metricsText({ metrics: metrics as ModelCard['metrics'] }));
  return problems.length === 0 && bytes > MAX_BYTES ? [cardErrors.tooLong(label, bytes, MAX_BYTES)] : problems;
}

export function checkMetric(label: string, name: string, value: unknown): Problem[] {
  if (!/^[^\p{Cc}]{1,128}$/u.test(name) || name.trim() !== name) return [cardErrors.metricName(label, name)];
  const field = `${label}.${name}`;
  if (typeof value === 'string') {
    const problem = textProblem(field, value, false);
    return problem ? [problem] : [];
  }
  return Number.isFinite(value) ? [] : [cardErrors.metricInvalid(field, value)];
}

/** Formats the metrics of a card as a JSON object, sorted by name. */
export function metricsText(card: ModelCard): string {
  return JSON.stringify(Object.fromEntries(sortedMetrics(card)));
}

function textProblem(label: string, value: unknown, lines: boolean): Problem | undefined {
  if (typeof value !== 'string') return cardErrors.notText(label, value);
  if (value.trim() === '') return cardErrors.empty(label);
  // cdktf represents tokens in strings in this form. Reading a model does not need cdktf, so cdktf is not loaded here.
  if (value.includes('${TfToken[')) return cardErrors.onlyTerraformKnows(label);
  const control = (lines ? /(?![\t\n\r])\p{Cc}/u : /\p{Cc}/u).exec(value);
  if (control) return cardErrors.controlCharacter(label, control[0], control.index, lines);
  const bytes = Buffer.byteLength(value);
  return bytes > MAX_BYTES ? cardErrors.tooLong(label, bytes, MAX_BYTES) : undefined;
}

function isLicense(text: string): boolean {
  const parse = require('spdx-expression-parse') as (expression: string) => unknown;
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

function urlProblems(label: string, text: string, schemes: readonly string[]): Problem[] {
  if (!URL.canParse(text)) return [cardErrors.urlInvalid(label, text, schemes)];
  const { protocol, host, password } = new URL(text);
  if (!schemes.includes(protocol.slice(0, -1)) || host === '') return [cardErrors.urlInvalid(label, text, schemes)];
  return password === '' ? [] : [cardErrors.urlPassword(label)];
}
