import { Token } from 'cdktf';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import { settingsEnvironment } from '../../inference-image/src/contract/settings';
import type { Problem } from '../base/errors';
import { suggestion } from '../base/text';
import { invalidOptions, OPTION_NAMES, type ServingOptions } from './serving-options';
import { asText, wholeSum } from './tokens';

/** Properties by which a container recognizes its model. It refuses any other model. */
export interface ExpectedModel {
  /** Digest of the weights. */
  readonly expectedSha256: string;
  /** Declaration that model.json in the image must contain; undefined if the plan builds the image. */
  readonly expectedDeclaration?: string;
}

/**
 * Environment variables that set these options and make the container refuse any other model. Options with their
 * default value are omitted, so that an image of an earlier release, which may not have the option, still starts.
 */
export function servingEnvironment(options: ServingOptions, expected: ExpectedModel): Record<string, string> {
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && !isDefault(name, value));
  const texts = given.map(([name, value]) => [name, asText(value)]);
  return settingsEnvironment({ ...Object.fromEntries(texts), ...expected });
}

function isDefault(name: string, value: unknown): boolean {
  const current = name === 'rowIndependence' && value === 'probe' ? 'prove' : value;
  if (Array.isArray(current) && !Token.isUnresolved(current)) return current.length === 0;
  return (SETTING_DEFAULTS as Readonly<Record<string, unknown>>)[name] === current;
}

/** Finds problems with the options: unknown names, and values that the container's contract rejects. */
export function servingProblems(where: string, options: ServingOptions): Problem[] {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(OPTION_NAMES, name));
  return [
    ...unknown.map((name) => optionUnknown(where, name)),
    ...invalidOptions(withoutTokens(options), (name) => `${where}: serving.${name}`),
  ];
}

/** Omits options whose values are known only to Terraform. */
function withoutTokens(options: ServingOptions): ServingOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => !Token.isUnresolved(value)));
}

function optionUnknown(where: string, name: string): Problem {
  const names = Object.keys(OPTION_NAMES);
  return {
    code: 'serving-option-unknown',
    message: `${where}: serving has no option ${name}. ${suggestion(name, names)}The options are ${names.join(', ')}.`,
  };
}

/** Allowance for the run of the last request, in seconds. */
const RUN_SECONDS = 10;

/** Maximum time for a container to stop: it drains, and then the last waiting request may start and run. */
export function stopGraceSeconds({
  drainSeconds = SETTING_DEFAULTS.drainSeconds,
  queueTimeoutSeconds = SETTING_DEFAULTS.queueTimeoutSeconds,
}: ServingOptions): number {
  return wholeSum(drainSeconds, queueTimeoutSeconds, RUN_SECONDS);
}
