import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';

type Classes = NonNullable<ModelInterface['classes']>;

/** Lists the differences for clients that request a class. */
export function compareClasses(accepted: Classes | undefined, current: Classes | undefined): Difference[] {
  if (!accepted) return current ? [{ change: 'the model now returns a class' }] : [];
  if (!current)
    return [{ change: 'the model no longer returns a class', effect: 'clients that request a class are refused' }];
  return [...compareKinds(accepted, current), ...compareNames(accepted, current)];
}

function compareKinds(accepted: Classes, current: Classes): Difference[] {
  if (accepted.kind !== current.kind) {
    const change = `the class now comes from ${KINDS[current.kind]} instead of ${KINDS[accepted.kind]}`;
    const isLost =
      accepted.kind === 'label' ? current.names === undefined : NUMBERS[current.kind] < NUMBERS[accepted.kind];
    return [
      isLost
        ? {
            change,
            effect: `clients that read the ${accepted.kind === 'scores' ? 'score' : accepted.kind} do not find it`,
          }
        : { change },
    ];
  }
  if (accepted.softmax === current.softmax) return [];
  const [after, before] = current.softmax ? ['probabilities', 'the raw output'] : ['the raw output', 'probabilities'];
  return [
    { change: `scores are now ${after} instead of ${before}`, effect: 'clients that compare scores misread them' },
  ];
}

const KINDS: Record<Classes['kind'], string> = { scores: 'scores', index: 'an index', label: 'a label' };
/** Count of numeric fields that every class has: score and index, only the index, or none. */
const NUMBERS: Record<Classes['kind'], number> = { scores: 2, index: 1, label: 0 };

function compareNames({ kind, names: accepted }: Classes, { names: current }: Classes): Difference[] {
  if (!accepted || !current) return compareNaming(kind, accepted !== undefined, current !== undefined);
  const moved = accepted.find((name, index) => current.includes(name) && current[index] !== name);
  const removed = accepted.filter((name) => !current.includes(name));
  const added = current.filter((name) => !accepted.includes(name));
  const differences: Difference[] = [];
  if (removed.length > 0) {
    differences.push({
      change: `${classText(removed)} is removed`,
      effect: 'clients that look for its name do not find it',
    });
  }
  if (moved !== undefined) {
    const change = `class "${moved}" moves from index ${accepted.indexOf(moved)} to ${current.indexOf(moved)}`;
    differences.push({ change, effect: 'clients that use the index misread it' });
  }
  if (added.length > 0) {
    const change = `${classText(added)} is added`;
    // Typed clients contain the list of all names, but accept any label.
    differences.push(
      kind === 'label' ? { change } : { change, effect: 'clients with a fixed list of names reject it' },
    );
  }
  return differences;
}

/**
 * Compares whether classes have names. Without names, a class is named by its index if the output has scores or
 * indices, and a label has no index.
 */
function compareNaming(kind: Classes['kind'], hadNames: boolean, hasNames: boolean): Difference[] {
  if (hadNames === hasNames) return [];
  const change = hasNames ? 'classes now have names' : 'classes no longer have names';
  if (kind === 'label')
    return [hasNames ? { change } : { change, effect: 'clients that read the index do not find it' }];
  return [
    {
      change,
      effect: hasNames ? 'clients that expect indices receive names' : 'clients that expect names receive indices',
    },
  ];
}

function classText([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `class "${first}"` : `class "${first}" (and ${others.length} more)`;
}
