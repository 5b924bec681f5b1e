import type { Problem } from '../base/errors';

/** Human-readable description of a model. All fields are optional. */
export interface ModelCard {
  /** Display name, such as `Handwritten digits`. */
  readonly title?: string;
  /** Intended use and limitations; may have several lines. */
  readonly description?: string;
  /** An SPDX licence expression, such as `Apache-2.0` or `LicenseRef-Proprietary`. @see https://spdx.org/licenses */
  readonly license?: string;
  /** Authors, or a contact address, such as `Ada Example <ada@example.com>`. */
  readonly authors?: string;
  /** Organization that distributes the model. */
  readonly vendor?: string;
  /** Training data; may have several lines. */
  readonly trainingData?: string;
  /** Quality of the model: the value of each metric by its name, such as `{ accuracy: 0.987 }`. */
  readonly metrics?: Readonly<Record<string, number | string>>;
  /** URL of the repository that the model was built from. */
  readonly source?: string;
  /** Commit or other revision of that repository. */
  readonly revision?: string;
  /** URL of the model's documentation. */
  readonly documentation?: string;
}

/** Name of a field that holds a string. */
export type CardText = Exclude<keyof ModelCard, 'metrics'>;

/** Names of the text fields in ONNX files and in the server's model metadata. */
export const CARD_TEXTS: Readonly<Record<CardText, string>> = {
  title: 'title',
  description: 'description',
  license: 'license',
  authors: 'authors',
  vendor: 'vendor',
  trainingData: 'training_data',
  source: 'source',
  revision: 'revision',
  documentation: 'documentation',
};

/** Converts a card to named strings. Each metric gets a name of its own, such as `metrics.accuracy`. */
export function cardProperties(card: ModelCard): Record<string, string> {
  return Object.fromEntries([
    ...cardTexts(card).map(([field, text]) => [CARD_TEXTS[field], text]),
    ...sortedMetrics(card).map(([name, value]) => [`metrics.${name}`, String(value)]),
  ]);
}

/** The text fields that a card sets. */
export function cardTexts(card: ModelCard): [CardText, string][] {
  const fields = Object.keys(CARD_TEXTS) as CardText[];
  return fields.flatMap((field): [CardText, string][] => {
    const text = card[field];
    return text === undefined ? [] : [[field, text]];
  });
}

/** Sorts metrics by name, so that their order in the props does not change the image. */
export function sortedMetrics({ metrics = {} }: ModelCard): [string, number | string][] {
  return Object.entries(metrics).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Merges two cards; fields of `over` take precedence. Returns undefined if both are empty. */
export function mergedCard(under: ModelCard, over: ModelCard): ModelCard | undefined {
  const fields = [...Object.entries(under), ...Object.entries(over)].filter(([, value]) => hasContent(value));
  return fields.length > 0 ? Object.fromEntries(fields) : undefined;
}

function hasContent(value: ModelCard[keyof ModelCard]): boolean {
  return value !== undefined && (typeof value !== 'object' || Object.keys(value).length > 0);
}

/** Problems with a model card; `field` is the location of the value, such as `ml/digits.onnx: card.license`. */
export const cardErrors = {
  unknownField: (field: string): Problem => ({
    code: 'card-field-unknown',
    message: `${field} is not a field of a model card. The fields are ${[...Object.keys(CARD_TEXTS), 'metrics'].join(', ')}.`,
  }),

  notText: (field: string, value: unknown): Problem => ({
    code: 'card-not-text',
    message: `${field} is ${shown(value)}, which is not a string. Pass a string, or omit the field.`,
  }),

  empty: (field: string): Problem => ({
    code: 'card-field-empty',
    message: `${field} is empty. Pass some text, or omit the field.`,
  }),

  tooLong: (field: string, bytes: number, most: number): Problem => ({
    code: 'card-too-long',
    message: `${field} is ${bytes} bytes long, but an image label can hold at most ${most} bytes. Shorten it, and move the rest to the page that card.documentation links to.`,
  }),

  controlCharacter: (field: string, character: string, index: number, lines: boolean): Problem => ({
    code: 'card-control-character',
    message: `${field} contains the control character U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} at index ${index}. ${
      lines ? 'Line breaks and tabs are the only control characters allowed.' : 'Pass a single line of text.'
    }`,
  }),

  onlyTerraformKnows: (field: string): Problem => ({
    code: 'must-be-known-at-synth',
    message: `${field} is a Terraform token, but its value is written into the image at synth. Pass a plain value.`,
  }),

  licenseInvalid: (field: string, value: string): Problem => ({
    code: 'card-license-invalid',
    message: `${field} is ${shown(value)}, which is not an SPDX licence expression. Pass one such as "Apache-2.0" or "MIT OR Apache-2.0". For a licence that spdx.org/licenses does not list, pass "LicenseRef-" followed by a name.`,
  }),

  urlInvalid: (field: string, value: string, schemes: readonly string[]): Problem => ({
    code: 'card-url-invalid',
    message: `${field} is ${shown(value)}, which is not a URL with one of the schemes ${schemes.join(', ')}. Pass an absolute URL, such as "https://example.com/digits".`,
  }),

  urlPassword: (field: string): Problem => ({
    code: 'card-url-password',
    message: `${field} is a URL with a password, which everyone with access to the image can read. Remove the password.`,
  }),

  metricsInvalid: (field: string, value: unknown): Problem => ({
    code: 'card-metrics-invalid',
    message: `${field} is ${shown(value)}, which is not an object. Pass an object whose values are numbers or strings, such as { accuracy: 0.987 }.`,
  }),

  metricInvalid: (field: string, value: unknown): Problem => ({
    code: 'card-metric-invalid',
    message: `${field} is ${shown(value)}, which is neither a finite number nor a string. Pass a finite number or a string, or omit the metric.`,
  }),

  metricName: (field: string, name: string): Problem => ({
    code: 'card-metric-name-invalid',
    message: `${field} has a metric named ${shown(name)}. Use a single-line name of 1 to 128 characters without leading or trailing spaces.`,
  }),

  leftOut: (problem: Problem, prop: string): string =>
    `${problem.message} The card omits this value; set ${prop} to replace it.`,

  fileNotJson: (path: string, reason: string): Problem => ({
    code: 'card-not-json',
    message: `${path}: this is not valid JSON: ${reason}. A card has the form {"title"?, "description"?, "license"?, …}.`,
  }),

  fileNotObject: (path: string): Problem => ({
    code: 'card-not-object',
    message: `${path}: a model card must be a JSON object of the form {"title"?, "description"?, "license"?, …}.`,
  }),
};

/** Formats a value as JSON, which makes its type visible, and truncates it. */
function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
