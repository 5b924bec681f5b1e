import { declarationDifferences } from '../contract/model-declaration';
import type { ModelManifest } from '../contract/model-manifest';
import type { Settings } from '../contract/settings';

/** Throws if the image contains a different model from the one that its deployment expects. */
export function assertExpected({ expectedSha256, expectedDeclaration }: Settings, manifest: ModelManifest): void {
  if (expectedSha256 !== undefined && expectedSha256 !== manifest.sha256) {
    throw new Error(`the deployment expects model ${expectedSha256}; this image contains ${manifest.sha256}`);
  }
  if (expectedDeclaration === undefined) return;
  const differences = declarationDifferences(expectedDeclaration, manifest);
  if (differences.length === 0) return;
  throw new Error(
    `the deployment and this image declare the model differently: ${differences.join('; ')}; build the image from the same declaration, or change the declaration to match the image`,
  );
}
