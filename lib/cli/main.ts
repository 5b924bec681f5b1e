#!/usr/bin/env node
import { ModelServingError } from '../errors';
import { modelServing } from './program';

modelServing()
  .parseAsync()
  .catch((error: unknown) => {
    console.error(textOf(error));
    process.exitCode = 1;
  });

/** A line for what the user can change; what is wrong in this program has a stack trace. */
function textOf(error: unknown): unknown {
  const { message, syscall } = error as NodeJS.ErrnoException;
  return error instanceof ModelServingError || syscall !== undefined ? message : error;
}
