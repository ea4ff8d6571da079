import type { BuildFacts } from '@app/metrics';
import packageFacts from '../../../package.json' with { type: 'json' };

/** What this process was built from; the image's build sets the revision. */
export const BUILD_FACTS: BuildFacts = {
  version: packageFacts.version,
  revision: process.env.BUILD_REVISION ?? '',
};
