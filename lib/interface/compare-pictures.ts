import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';

type Picture = ModelInterface['picture'];

/** What becomes of those who send pictures. */
export function comparePictures(was: Picture, is: Picture): Difference[] {
  if (!was) return is ? [{ what: 'pictures are taken now' }] : [];
  if (!is) return [{ what: 'pictures are taken no more', harm: 'clients that send them would be refused' }];
  if (was.maxPixels === is.maxPixels) return [];
  const what = `pictures may have ${is.maxPixels} pixels, and could have ${was.maxPixels}`;
  return [is.maxPixels < was.maxPixels ? { what, harm: 'clients that send larger ones would be refused' } : { what }];
}
