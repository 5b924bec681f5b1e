import { declarationDifferences } from './contract/model-declaration';
import type { ModelManifest } from './contract/model-manifest';
import type { Settings } from './contract/settings';

/** Throws where the image has another model than its deployment was planned for. */
export function assertExpected({ expectedSha256, expectedDeclaration }: Settings, manifest: ModelManifest): void {
  if (expectedSha256 !== undefined && expectedSha256 !== manifest.sha256) {
    throw new Error(`the deployment expects model ${expectedSha256}; this image has ${manifest.sha256}`);
  }
  if (expectedDeclaration === undefined) return;
  const differences = declarationDifferences(expectedDeclaration, manifest);
  if (differences.length === 0) return;
  throw new Error(
    `the deployment declares the model otherwise than this image: ${differences.join('; ')}; build the image from the same declaration, or declare what it has`,
  );
}
