/** What people say of a model. Whatever is left out is not known. */
export interface ModelCard {
  /** A name for people, such as `Handwritten digits`. */
  readonly title?: string;
  /** What it is for, and what not; may have several lines. */
  readonly description?: string;
  /** An SPDX licence expression, such as `Apache-2.0` or `LicenseRef-Proprietary`. @see https://spdx.org/licenses */
  readonly license?: string;
  /** People or an address to write to, such as `Ada Example <ada@example.com>`. */
  readonly authors?: string;
  /** The organization that distributes it. */
  readonly vendor?: string;
  /** What it was trained on; may have several lines. */
  readonly trainingData?: string;
  /** How good it is, by the name of the measure, such as `{ accuracy: 0.987 }`. */
  readonly metrics?: Readonly<Record<string, number | string>>;
  /** URL of the repository that it was made from. */
  readonly source?: string;
  /** The commit, or another revision, of that repository. */
  readonly revision?: string;
  /** URL of its documentation. */
  readonly documentation?: string;
}

/** A field that holds one text. */
export type CardText = Exclude<keyof ModelCard, 'metrics'>;

/** Those fields by the names that they have in ONNX files and in what the server says of its model. */
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

/** A card as names and texts: one more for each metric, such as `metrics.accuracy`. */
export function cardProperties(card: ModelCard): Record<string, string> {
  return Object.fromEntries([
    ...cardTexts(card).map(([field, text]) => [CARD_TEXTS[field], text]),
    ...sortedMetrics(card).map(([name, value]) => [`metrics.${name}`, String(value)]),
  ]);
}

/** The texts that a card has. */
export function cardTexts(card: ModelCard): [CardText, string][] {
  const fields = Object.keys(CARD_TEXTS) as CardText[];
  return fields.flatMap((field): [CardText, string][] => {
    const text = card[field];
    return text === undefined ? [] : [[field, text]];
  });
}

/** By name, so that the order in which they were given changes no image. */
export function sortedMetrics({ metrics = {} }: ModelCard): [string, number | string][] {
  return Object.entries(metrics).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One card of two, or none of two empty ones; what `over` says counts. */
export function mergedCard(under: ModelCard, over: ModelCard): ModelCard | undefined {
  const said = [...Object.entries(under), ...Object.entries(over)].filter(([, value]) => saysSomething(value));
  return said.length > 0 ? Object.fromEntries(said) : undefined;
}

function saysSomething(value: ModelCard[keyof ModelCard]): boolean {
  return value !== undefined && (typeof value !== 'object' || Object.keys(value).length > 0);
}
