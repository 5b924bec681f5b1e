import { SBOM_FILE } from '../../inference-image/src/contract/model-manifest';
import { metricsText } from '../model/check-card';
import { cardTexts, type CardText } from '../model/model-card';
import type { Model } from '../model/model';

/** @see https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys */
const OCI = 'org.opencontainers.image';

/** Prefix of the labels that OCI does not define. */
const OWN = 'io.model-serving';

const CARD_LABELS: Readonly<Record<CardText, string>> = {
  title: `${OCI}.title`,
  description: `${OCI}.description`,
  license: `${OCI}.licenses`,
  authors: `${OCI}.authors`,
  vendor: `${OCI}.vendor`,
  trainingData: `${OWN}.model.training-data`,
  source: `${OCI}.source`,
  revision: `${OCI}.revision`,
  documentation: `${OCI}.documentation`,
};

/** Path of the bill of materials in the image. */
const SBOM_PATH = `/model/${SBOM_FILE}`;

/** Labels that describe an image to registries, scanners and people. */
export function imageLabels(model: Model): Record<string, string> {
  const { name, version, sha256, card = {} } = model;
  return {
    [CARD_LABELS.title]: name,
    [`${OCI}.version`]: version,
    [`${OWN}.model.name`]: name,
    [`${OWN}.model.sha256`]: sha256,
    [`${OWN}.sbom`]: SBOM_PATH,
    ...Object.fromEntries(cardTexts(card).map(([field, text]) => [CARD_LABELS[field], text])),
    ...(card.metrics && { [`${OWN}.model.metrics`]: metricsText(card) }),
  };
}
