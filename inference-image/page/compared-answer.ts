import type { AnswerArea } from './answer-area';
import { outputTable } from './answer-view';
import type { Answer } from './api';
import { compareTensor, verdict } from './comparison';
import type { ExpectedTensor } from './tensor';

/** Shows the tensors of an answer. What was expected of them, where that is known, stands beside, and the verdict above. */
export function showTensors(
  area: AnswerArea,
  { outputs, text }: Answer,
  expected: readonly ExpectedTensor[] | undefined,
): void {
  const comparisons = expected?.map((tensor) =>
    compareTensor(
      outputs.find(({ name }) => name === tensor.name),
      tensor,
    ),
  );
  if (comparisons) {
    const { isGood, text: sentence } = verdict(comparisons);
    area.showStatus(sentence, isGood ? 'good' : 'bad');
  }
  const tables = outputs.map((output) =>
    outputTable(
      output,
      comparisons?.find(({ tensor }) => tensor.name === output.name),
    ),
  );
  area.showOutputs(tables, text);
}
