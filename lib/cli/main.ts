#!/usr/bin/env node
import { ModelServingError } from '../errors';
import { modelServing } from './program';
import { printNote } from './print';

modelServing()
  .parseAsync()
  .catch((error: unknown) => {
    const text = textOf(error);
    if (text === undefined) console.error(error);
    else printNote(text);
    process.exitCode = 1;
  });

/** A line for what the user can change; undefined for what is wrong in this program, which has a stack trace. */
function textOf(error: unknown): string | undefined {
  const { message, syscall } = error as NodeJS.ErrnoException;
  return error instanceof ModelServingError || syscall !== undefined ? message : undefined;
}
