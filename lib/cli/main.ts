#!/usr/bin/env node
import { ModelServingError } from '../base/errors';
import { modelServing } from './program';
import { printNote } from './output';

modelServing()
  .parseAsync()
  .catch((error: unknown) => {
    const text = textOf(error);
    if (text === undefined) console.error(error);
    else printNote(text);
    process.exitCode = 1;
  });

/**
 * Message of an error that the user can fix; undefined for a bug in this program, which is reported with a stack trace.
 */
function textOf(error: unknown): string | undefined {
  const { message, syscall } = error as NodeJS.ErrnoException;
  return error instanceof ModelServingError || syscall !== undefined ? message : undefined;
}
