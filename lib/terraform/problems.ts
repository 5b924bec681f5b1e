import { Token } from 'cdktf';
import type { Problem } from '../base/errors';

/** Collects all problems with the props of one construct, so that they are reported together. */
export class Problems {
  readonly list: Problem[] = [];

  add(...problems: Problem[]): void {
    this.list.push(...problems);
  }

  /** Checks a value, if it is set and is not a Terraform token. */
  check<T>(value: T | undefined, isValid: (value: T) => boolean, problem: (value: T) => Problem): void {
    if (value !== undefined && !Token.isUnresolved(value) && !isValid(value)) this.add(problem(value));
  }

  /** Checks that a value on which the synthesized files depend is not a Terraform token. */
  checkKnown(where: string, prop: string, value: unknown): void {
    if (Token.isUnresolved(value)) this.add(mustBeKnown(where, prop));
  }
}

function mustBeKnown(where: string, prop: string): Problem {
  return {
    code: 'must-be-known-at-synth',
    message: `${where}: ${prop} is a Terraform token, but the synthesized files depend on its value. Pass a plain value.`,
  };
}

/** Returns a check for an integer within bounds. */
export function isWhole(minimum: number, maximum = Infinity): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= minimum && value <= maximum;
}
