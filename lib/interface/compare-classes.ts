import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';

type Classes = NonNullable<ModelInterface['classes']>;

/** What becomes of those who ask for a class. */
export function compareClasses(was: Classes | undefined, is: Classes | undefined): Difference[] {
  if (!was) return is ? [{ what: 'the class is told now' }] : [];
  if (!is) return [{ what: 'the class is told no more', harm: 'clients that ask for it would find nothing' }];
  return [...compareKinds(was, is), ...compareNames(was, is)];
}

function compareKinds(was: Classes, is: Classes): Difference[] {
  if (was.kind !== is.kind) {
    const what = `the class is told by ${KINDS[is.kind]}, and was by ${KINDS[was.kind]}`;
    const lost = was.kind === 'label' ? is.names === undefined : GIVES[is.kind] < GIVES[was.kind];
    return [lost ? { what, harm: `clients read the ${was.kind === 'scores' ? 'score' : was.kind}` } : { what }];
  }
  if (was.softmax === is.softmax) return [];
  const [now, before] = is.softmax ? ['probabilities', 'as given'] : ['as given', 'probabilities'];
  return [{ what: `scores are ${now} now, and were ${before}`, harm: 'clients that compare them would misread them' }];
}

const KINDS: Record<Classes['kind'], string> = { scores: 'scores', index: 'an index', label: 'a label' };
/** Numbers that a class comes with: its score and its index; of a label, sometimes the index. */
const GIVES: Record<Classes['kind'], number> = { scores: 2, index: 1, label: 0 };

function compareNames({ kind, names: was }: Classes, { names: is }: Classes): Difference[] {
  if (!was || !is) return compareNaming(kind, was !== undefined, is !== undefined);
  const moved = was.find((name, index) => is.includes(name) && is[index] !== name);
  const gone = was.filter((name) => !is.includes(name));
  const come = is.filter((name) => !was.includes(name));
  const differences: Difference[] = [];
  if (gone.length > 0) {
    differences.push({
      what: `${classText(gone)} is gone`,
      harm: 'clients that know it by its name would not find it',
    });
  }
  if (moved !== undefined) {
    const what = `class "${moved}" has index ${is.indexOf(moved)}, and had ${was.indexOf(moved)}`;
    differences.push({ what, harm: 'clients that go by the index would misread it' });
  }
  if (come.length > 0) {
    const what = `${classText(come)} is new`;
    // Typed clients know all names; but a label may be none of them.
    differences.push(kind === 'label' ? { what } : { what, harm: 'clients that know all names would refuse it' });
  }
  return differences;
}

/** Where there are none, classes are called by their index; and labels have no index. */
function compareNaming(kind: Classes['kind'], was: boolean, is: boolean): Difference[] {
  if (was === is) return [];
  const what = is ? 'classes have names now' : 'classes have no names any more';
  if (kind === 'label') return [is ? { what } : { what, harm: 'clients read their indices' }];
  return [{ what, harm: is ? 'clients read indices in their place' : 'clients read names' }];
}

function classText([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `class "${first}"` : `class "${first}" (and ${others.length} more)`;
}
