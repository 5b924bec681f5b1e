import type { Class, ClassAnswer } from './api';
import { element } from './dom';

/** The class in large, and what is known of it in small. */
export function classHeadline({ class: name, index, score }: Class): HTMLElement {
  const notes = [
    ...(score === undefined ? [] : [`score ${score}`]),
    // Said only where it is not the name itself.
    ...(index === undefined || String(index) === name ? [] : [`index ${index}`]),
  ];
  return element('span', {}, note('Class '), element('strong', {}, name), note(` ${notes.join(', ')}`));
}

function note(text: string): HTMLElement {
  return element('span', { className: 'note' }, text);
}

/** The best classes by their scores. None for a model that gives no scores: it has but one class. */
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

/** The bar is for eyes only. Scores that are no shares, such as logits, have none. */
function scoreView(text: string, share: number | undefined): HTMLElement {
  const filled = element('span');
  filled.style.width = `${100 * (share ?? 0)}%`;
  const bar = share === undefined ? [] : [element('span', { className: 'bar', ariaHidden: 'true' }, filled)];
  return element('div', { className: 'score' }, ...bar, element('span', {}, text));
}
