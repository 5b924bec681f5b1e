import { SETTING_DEFAULTS } from '../../../inference-image/src/contract/constants';
import { type Settings } from '../../../inference-image/src/contract/settings';
import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { planSharing } from '../../../inference-image/src/host/sharing-plan';

test.each([
  [undefined, 10_000],
  [16_384, 10_000],
  [4096, 4096],
])('if independence is proved for sizes up to %s, a maxBatchSize of 10,000 is reduced to %i', (maxSize, expected) => {
  const batching = { verdict: 'independent', inputAxes: [0], outputAxes: [0], maxSize } as const;
  const manifest = { contractVersion: 3, signature: { inputs: [], outputs: [] }, batching } as unknown as ModelManifest;
  const settings: Settings = { ...SETTING_DEFAULTS, allowedOrigins: [], maxBatchSize: 10_000 };
  expect(planSharing(settings, manifest)).toMatchObject({ maxBatchSize: expected, axes: batching });
});
