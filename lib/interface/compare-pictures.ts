import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';

type Picture = ModelInterface['picture'];

/** Lists the differences for clients that send pictures. */
export function comparePictures(accepted: Picture, current: Picture): Difference[] {
  if (!accepted) return current ? [{ what: 'pictures are now accepted' }] : [];
  if (!current) return [{ what: 'pictures are no longer accepted', harm: 'clients that send them are refused' }];
  const [before, after] = [accepted.maxPixels, current.maxPixels];
  if (before === after) return [];
  const what = `the limit of a picture changes from ${before} to ${after} pixels`;
  return [after < before ? { what, harm: 'clients that send larger ones are refused' } : { what }];
}
