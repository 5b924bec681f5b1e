import type { Class, ClassAnswer } from './api';
import { element } from './dom';

/** The class in large type, with score and index in small type. */
export function classHeadline({ class: name, index, score }: Class): HTMLElement {
  const notes = [
    ...(score === undefined ? [] : [`score ${score}`]),
    // An index that equals the name is omitted.
    ...(index === undefined || String(index) === name ? [] : [`index ${index}`]),
  ];
  return element('span', {}, note('Class '), element('strong', {}, name), note(` ${notes.join(', ')}`));
}

function note(text: string): HTMLElement {
  return element('span', { className: 'note' }, text);
}

/** Table of the best classes by score; empty for a model without scores, which returns only one class. */
export function classTables({ classes }: ClassAnswer): HTMLElement[] {
  if (!classes.some(({ score }) => score !== undefined)) return [];
  const areShares = classes.every(({ score }) => typeof score === 'number' && score >= 0 && score <= 1);
  const rows = classes.map(({ class: name, score }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', {}, scoreView(String(score), areShares ? (score as number) : undefined)),
    ),
  );
  const head = [
    element('th', { scope: 'col' }, 'Class'),
    element('th', { scope: 'col', className: 'number' }, 'Score'),
  ];
  return [
    element(
      'table',
      { className: 'classes' },
      element('caption', {}, 'Best classes'),
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rows),
    ),
  ];
}

/** A score and its bar, which is decorative. Scores outside 0 to 1, such as logits, have no bar. */
function scoreView(text: string, share: number | undefined): HTMLElement {
  const filled = element('span');
  filled.style.width = `${100 * (share ?? 0)}%`;
  const bar = share === undefined ? [] : [element('span', { className: 'bar', ariaHidden: 'true' }, filled)];
  return element('div', { className: 'score' }, ...bar, element('span', {}, text));
}
