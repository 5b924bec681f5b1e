import { rowAxes, rowAxisProblems } from './batching-verdict';
import { manifestFields } from './schemas';

/** Schema of model.json. The row axes of the verdict must be axes of the signature. */
export const modelManifestSchema = manifestFields.check(({ value, issues }) => {
  const axes = rowAxes(value.batching);
  for (const { path, message } of axes ? rowAxisProblems(value.signature, axes) : []) {
    issues.push({ code: 'custom', path: ['batching', ...path], message, input: value });
  }
});
