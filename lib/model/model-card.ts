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
