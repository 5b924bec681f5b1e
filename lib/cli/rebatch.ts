import { counted } from '../base/text';
import { Command } from 'commander';
import type { RebatchComparison } from '../../inference-image/src/contract/rebatch-messages';
import { type CommittedKind, fileBeside, pathBeside } from '../base/committed-file';
import { acceptCommand } from '../interface/errors';
import { interfaceOf } from '../interface/model-interface';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { profileCommand } from '../profile/describe-profile';
import { carryGolden, checkGoldenTarget } from '../rebatch/carry-golden';
import { rebatch, type Rebatched } from '../rebatch/rebatch';
import { addClientModelOptions, type ClientModelOptions, readModel } from './model-options';
import { checkOutput, print, printNote } from './output';

interface RebatchCommandOptions extends ClientModelOptions {
  out: string;
  golden?: string;
  force?: boolean;
}

export function rebatchCommand(): Command {
  return addClientModelOptions(new Command('rebatch'))
    .description(
      'Convert a model for one row to a model for any number of rows, so that requests can share runs. Fails if the rows cannot be proved independent.',
    )
    .requiredOption('--out <file>', 'ONNX file to write')
    .option(
      '--golden <file>',
      'golden examples of the model (default: MODEL.golden.json beside MODEL.onnx, if it exists)',
    )
    .option('--force', 'overwrite existing files')
    .action((path: string, options: RebatchCommandOptions) => {
      const { out, force = false, golden = fileBeside(path, 'golden') } = options;
      checkOutput({ option: '--out', path: out, inputs: [golden, options.preprocessing] });
      const model = readModel(path, { ...options, golden: undefined, profile: false, interface: false });
      if (golden !== undefined) checkGoldenTarget(golden, out, force);
      const result = rebatch(model, path, { out, force, golden });
      print(`${out}: ${changes(model, result)}.`);
      print(`Compared with ${path}: ${comparisonText(result.comparison)}.`);
      // Reads the new model to print its warnings, for example about wrongly declared shapes.
      readModel(out, { ...options, name: model.name, golden: undefined, profile: false, interface: false });
      if (golden !== undefined) reportGolden(model, golden, out);
      for (const line of stale(path, out)) print(line);
      print(
        `Accept the interface: ${acceptCommand(out, pathBeside(out, 'interface'), { ...interfaceOf(model), name: options.name })}`,
      );
    });
}

/** Describes the new dimension: `dimension "batch" counts rows: dimension 0 of input "x", dimension 1 of output "y"` */
function changes({ signature: { inputs, outputs } }: OnnxModel, { symbol, axes }: Rebatched): string {
  const places = [
    ...inputs.map(({ name }, i) => ({ label: `input "${name}"`, axis: axes.inputAxes[i] ?? null })),
    ...outputs.map(({ name }, i) => ({ label: `output "${name}"`, axis: axes.outputAxes[i] ?? null })),
  ];
  const texts = places.flatMap(({ label, axis }) => (axis === null ? [] : [`dimension ${axis} of ${label}`]));
  return `dimension "${symbol}" counts rows: ${texts.join(', ')}`;
}

function comparisonText({ madeUpRows, exampleRows, largestBatch, largestDifference }: RebatchComparison): string {
  const rows = [
    ...(madeUpRows > 0 ? [`${madeUpRows} generated rows`] : []),
    ...(exampleRows > 0 ? [`${exampleRows} rows of golden examples`] : []),
  ].join(' and ');
  const difference =
    largestDifference === 0
      ? 'are bitwise identical'
      : `differ by up to ${Number(largestDifference.toPrecision(2))} times the largest magnitude in a row's output`;
  return `${rows}, alone and in runs of up to ${largestBatch} rows; outputs ${difference}`;
}

function reportGolden(model: OnnxModel, golden: string, out: string): void {
  const carried = carryGolden(model, golden, out);
  if ('path' in carried) print(`${carried.path}: ${counted(carried.count, 'golden example')}, reproduced.`);
  else for (const reason of carried.reasons) printNote(`warning: golden examples were not copied: ${reason}`);
}

/**
 * Lists files that do not apply to the new model: they describe the model for one row, or an earlier model at the new
 * model's path.
 */
function stale(path: string, out: string): string[] {
  const kinds: [CommittedKind, string][] = [
    ['profile', `measure it: ${profileCommand(out)}`],
    ['interface', 'see below'],
    ['contract', 'see below'],
  ];
  const lines = kinds.flatMap(([kind, remedy]) => {
    const files = [fileBeside(path, kind), fileBeside(out, kind)].flatMap((file) => file ?? []);
    return [...new Set(files)].map((file) => `${file} does not apply to ${out}: ${remedy}`);
  });
  return [
    ...lines,
    `OpenAPI documents and clients of ${path} do not apply to ${out}. Generate them again: model-serving openapi, model-serving client`,
  ];
}
