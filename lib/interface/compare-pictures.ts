import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';

type Picture = ModelInterface['picture'];

/** Lists the differences for clients that send pictures. */
export function comparePictures(accepted: Picture, current: Picture): Difference[] {
  if (!accepted) return current ? [{ change: 'pictures are now accepted' }] : [];
  if (!current) return [{ change: 'pictures are no longer accepted', effect: 'clients that send them are refused' }];
  const [before, after] = [accepted.maxPixels, current.maxPixels];
  if (before === after) return [];
  const change = `the maximum size of a picture changes from ${before} to ${after} pixels`;
  return [after < before ? { change, effect: 'clients that send larger pictures are refused' } : { change }];
}
