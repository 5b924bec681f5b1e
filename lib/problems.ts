import { Token } from 'cdktf';
import type { Problem } from './errors';

/** Collects what is wrong with the props of one construct, so that it is all said at once. */
export class Problems {
  readonly list: Problem[] = [];

  add(...problems: Problem[]): void {
    this.list.push(...problems);
  }

  /** Checks a value that was given; one that only Terraform knows passes unseen. */
  check<T>(value: T | undefined, isRight: (value: T) => boolean, problem: (value: T) => Problem): void {
    if (value !== undefined && !Token.isUnresolved(value) && !isRight(value)) this.add(problem(value));
  }

  /** For a value that decides what is written at synth. */
  checkKnown(where: string, prop: string, value: unknown): void {
    if (Token.isUnresolved(value)) this.add(mustBeKnown(where, prop));
  }
}

function mustBeKnown(where: string, prop: string): Problem {
  return {
    code: 'must-be-known-at-synth',
    message: `${where}: ${prop} is a value that only Terraform knows, but what is written at synth depends on it. Give a plain value.`,
  };
}

/** A whole number within bounds. */
export function isWhole(minimum: number, maximum = Infinity): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= minimum && value <= maximum;
}
