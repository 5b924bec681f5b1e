import type { Example } from './api';
import type { Expectation } from './compared-answer';
import { byId, element } from './dom';

/** Picture of a golden example, with its expected outputs. */
export interface GoldenPicture extends Expectation {
  readonly file: File;
}

/** Shows a button for each golden picture; the button selects the picture. */
export function showGoldenPictures(examples: readonly Example[], choose: (picture: GoldenPicture) => void): void {
  const buttons = examples.flatMap(({ name, picture, expected, omitted: note }) => {
    if (!picture) return [];
    const button = element('button', { type: 'button', className: 'plain' }, name);
    button.addEventListener('click', () => choose({ file: fileOf(picture), expected, note }));
    return [button];
  });
  byId('picture-golden').replaceChildren(...buttons);
  byId('picture-golden-examples').hidden = buttons.length === 0;
}

function fileOf({ file, type, base64 }: NonNullable<Example['picture']>): File {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new File([bytes], file, { type });
}
