import type { Problem } from '../errors';
import { CARD_TEXTS } from './model-card';

/** What can be wrong with a model's card; `field` is where it was read, such as `ml/digits.onnx: card.license`. */
export const cardErrors = {
  unknownField: (field: string): Problem => ({
    code: 'card-field-unknown',
    message: `${field} is no field of a card. The fields are ${[...Object.keys(CARD_TEXTS), 'metrics'].join(', ')}.`,
  }),

  notText: (field: string, value: unknown): Problem => ({
    code: 'card-not-text',
    message: `${field} is ${shown(value)}, which is not a text. Give a string, or leave it out.`,
  }),

  empty: (field: string): Problem => ({
    code: 'card-field-empty',
    message: `${field} is empty. Give a text, or leave it out.`,
  }),

  tooLong: (field: string, bytes: number, most: number): Problem => ({
    code: 'card-too-long',
    message: `${field} has ${bytes} bytes, and a label of an image should have at most ${most}. Shorten it, and put the rest where card.documentation points.`,
  }),

  controlCharacter: (field: string, character: string, index: number, lines: boolean): Problem => ({
    code: 'card-control-character',
    message: `${field} has the control character U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} at ${index}. ${
      lines ? 'Only line breaks and tabs are allowed besides text.' : 'Give one line of text.'
    }`,
  }),

  onlyTerraformKnows: (field: string): Problem => ({
    code: 'must-be-known-at-synth',
    message: `${field} is a value that only Terraform knows, but it is written into the image at synth. Give a plain value.`,
  }),

  licenseInvalid: (field: string, value: string): Problem => ({
    code: 'card-license-invalid',
    message: `${field} is ${shown(value)}, which is not an SPDX licence expression. Give one such as "Apache-2.0" or "MIT OR Apache-2.0"; for a licence that spdx.org/licenses does not list, "LicenseRef-" and a name.`,
  }),

  urlInvalid: (field: string, value: string, schemes: readonly string[]): Problem => ({
    code: 'card-url-invalid',
    message: `${field} is ${shown(value)}, which is not a URL of ${schemes.join(', ')}. Give a whole URL, such as "https://example.com/digits".`,
  }),

  urlPassword: (field: string): Problem => ({
    code: 'card-url-password',
    message: `${field} is a URL with a password, which everyone who has the image could read. Leave the password out.`,
  }),

  metricsInvalid: (field: string, value: unknown): Problem => ({
    code: 'card-metrics-invalid',
    message: `${field} is ${shown(value)}. Give numbers or texts by name, such as { accuracy: 0.987 }.`,
  }),

  metricInvalid: (field: string, value: unknown): Problem => ({
    code: 'card-metric-invalid',
    message: `${field} is ${shown(value)}, which is neither a finite number nor a text. Give one of them, or leave it out.`,
  }),

  metricName: (field: string, name: string): Problem => ({
    code: 'card-metric-name-invalid',
    message: `${field} has a metric of the name ${shown(name)}. Name it in one line of 1 to 128 characters, without space around it.`,
  }),

  leftOut: (problem: Problem, prop: string): string =>
    `${problem.message} It is left out of the card; ${prop} overrides it.`,

  fileNotJson: (path: string, reason: string): Problem => ({
    code: 'card-not-json',
    message: `${path}: this is not JSON: ${reason}. A card is {"title"?, "description"?, "license"?, …}.`,
  }),

  fileNotObject: (path: string): Problem => ({
    code: 'card-not-object',
    message: `${path}: a card is a JSON object, {"title"?, "description"?, "license"?, …}.`,
  }),
};

/** As JSON, which also tells what it is; shortened. */
function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
