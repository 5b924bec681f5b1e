import { modelDigest } from '../../inference-image/src/contract/model-manifest';
import { collect, ModelServingError } from '../base/errors';
import { checkAnswers } from '../golden/check-answers';
import { checkReproduced } from '../golden/check-golden';
import type { Golden } from '../golden/errors';
import { fitGolden, type FittingGolden } from '../golden/fit-golden';
import { checkReservedFiles } from '../golden/golden-file';
import { checkInterface } from '../interface/check-interface';
import { interfaceOf } from '../interface/model-interface';
import { checkProfile } from '../profile/profile-file';
import type { OnnxModelProps } from './onnx-model-props';
import type { ModelFiles } from './read-model-files';
import type { Declaration } from './resolve-declaration';

/** Result of the checks of a model that can be served. */
export interface CheckResult {
  /** Golden examples to put into the image. */
  readonly golden?: Golden;
  /** False if a check failed, but `runtimeCheck` turned the error into a warning. */
  readonly servable: boolean;
  /** All warnings about the model. */
  readonly warnings: readonly string[];
}

/**
 * Compares the declaration of a model with its golden examples, its profile and its accepted interface, and runs the
 * examples.
 *
 * @param path - path of the model as the user gave it, for messages
 * @throws ModelServingError with all problems, including those of the declaration
 */
export function checkDeclaration(
  path: string,
  props: OnnxModelProps,
  files: ModelFiles,
  declaration: Declaration,
): CheckResult {
  const { name, version, weights, profile } = files;
  const { runtimeCheck = 'require' } = props;
  const examples = checkExamples(path, props, files, declaration);
  const { golden } = examples;

  const problems = [...declaration.problems, ...examples.problems];
  const runtimeProblems = [...declaration.runtimeProblems];
  if (golden && runtimeCheck !== 'skip' && runtimeProblems.length + problems.length === 0) {
    runtimeProblems.push(...checkReproduced(golden, path, weights, declaration));
  }
  if (runtimeCheck === 'require') problems.push(...runtimeProblems);
  if (profile) problems.push(...checkProfile(path, modelDigest(weights.files), profile));
  const served = { ...interfaceOf({ name, ...declaration }), version };
  const compared = collect(problems, () => checkInterface(path, props.interface, served, declaration.declared));
  if (compared) problems.push(...compared.problems);
  ModelServingError.throwIfAny(problems);

  return {
    golden,
    servable: runtimeProblems.length === 0,
    warnings: [
      ...runtimeProblems.map(({ message }) => message),
      ...declaration.shapeWarnings,
      ...examples.warnings,
      ...compared!.warnings,
      ...declaration.cardWarnings,
    ],
  };
}

/** Checks the golden examples without running them. */
function checkExamples(
  path: string,
  props: OnnxModelProps,
  files: ModelFiles,
  declaration: Declaration,
): FittingGolden {
  const { golden, ...fit } = fitGolden(files.golden, path, declaration, props.picture !== undefined);
  if (!golden) return fit;
  const answers = fit.problems.length === 0 ? checkAnswers(golden) : { problems: [], warnings: [] };
  return {
    golden,
    problems: [...fit.problems, ...answers.problems, ...checkReservedFiles(golden, files.weights.files)],
    warnings: [...fit.warnings, ...answers.warnings],
  };
}
