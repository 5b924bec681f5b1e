#!/usr/bin/env node
import { ModelServingError } from '../errors';
import { modelServing } from './program';

modelServing()
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof ModelServingError ? error.message : error);
    process.exitCode = 1;
  });
