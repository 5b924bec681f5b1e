import { isPinned } from '../container-image/image-reference';
import type { ModelImage } from '../container-image/model-image';
import { Problems } from '../terraform/props';
import { kubernetesErrors } from './errors';

/** Checks that a cluster can pull an image, and always pulls the same one. */
export function checkPullable(where: string, image: ModelImage | undefined, problems: Problems): void {
  if (!image) return;
  if (!image.isInRegistry) return problems.add(kubernetesErrors.imageNotPushed(where));
  problems.check(image.reference, isPinned, (reference) => kubernetesErrors.imageNotPinned(where, reference));
}
