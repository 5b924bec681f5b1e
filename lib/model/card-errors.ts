import type { Problem } from '../base/errors';
import { CARD_TEXTS } from './model-card';

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
