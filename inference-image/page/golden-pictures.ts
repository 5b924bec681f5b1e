import type { Example } from './api';
import { byId, element } from './dom';
import type { ExpectedTensor } from './tensor';

/** A picture, and what the model must answer to it. */
export interface GoldenPicture {
  readonly file: File;
  readonly expected?: readonly ExpectedTensor[];
  /** Why nothing is. */
  readonly note?: string;
}

/** A button for each golden example that is a picture, which it chooses. */
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

function fileOf({ file, base64 }: NonNullable<Example['picture']>): File {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // The first byte of a PNG file.
  return new File([bytes], file, { type: bytes[0] === 0x89 ? 'image/png' : 'image/jpeg' });
}
