import * as fc from 'fast-check';
import { join } from 'node:path';
import { readGraph } from '../../lib/model/read-graph';
import { writeOnnxModel } from '../support/onnx-builder';
import { COUPLINGS } from '../support/random-graphs/couplings';
import { coupledRecipes, independentRecipes, make, type Recipe } from '../support/random-graphs/recipe';
import { temporaryFolder } from '../support/temporary-folder';

/**
 * Number of graphs of each kind. RANDOM_GRAPHS=20000 tries 20,000 graphs in total, RANDOM_GRAPHS_SEED selects different
 * graphs, and RANDOM_GRAPHS_SHOW=1 prints why proofs fail.
 */
const COUNT = Number(process.env.RANDOM_GRAPHS ?? 200) / 2;
const SEED = Number(process.env.RANDOM_GRAPHS_SEED ?? 1);

const path = join(temporaryFolder(), 'random.onnx');

function verdictOf(recipe: Recipe) {
  const { parts, operators } = make(recipe);
  writeOnnxModel(path, parts);
  const { verdict } = readGraph(path).proof;
  return { verdict, operators };
}

test('proves at least 80 % of the graphs with independent rows', () => {
  const refused = fc.sample(independentRecipes, { numRuns: COUNT, seed: SEED }).flatMap((recipe) => {
    const { verdict } = verdictOf(recipe);
    return verdict.verdict === 'independent' ? [] : [verdict];
  });
  if (process.env.RANDOM_GRAPHS_SHOW) {
    const counts = new Map<string, number>();
    for (const refusal of refused) {
      const what = 'operator' in refusal ? `${refusal.verdict}: ${refusal.operator} ${refusal.reason}` : refusal.reason;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    console.log(
      [...counts]
        .sort((a, b) => b[1] - a[1])
        .map(([what, count]) => `${count} ${what}`)
        .join('\n'),
    );
  }
  expect(refused.length / COUNT).toBeLessThanOrEqual(0.2);
}, 3_600_000);

test('never reports a graph with a coupling as independent', () => {
  fc.assert(
    fc.property(coupledRecipes, (recipe) => {
      const { verdict, operators } = verdictOf(recipe);
      if (verdict.verdict === 'independent') {
        throw new Error(`called independent: ${JSON.stringify(verdict)} of ${operators.join(', ')}`);
      }
    }),
    { numRuns: COUNT, seed: SEED },
  );
}, 3_600_000);

test('never reports any single coupling as independent', () => {
  for (const [kind, { name }] of COUPLINGS.entries()) {
    for (const opset of [11, 13, 17, 18, 20]) {
      for (let seed = 0; seed < 2; seed++) {
        const { verdict } = verdictOf({ opset, inputs: seed, steps: [], coupling: { kind, at: 0, seed } });
        expect({ name, opset, seed, verdict: verdict.verdict }).not.toMatchObject({ verdict: 'independent' });
      }
    }
  }
});
