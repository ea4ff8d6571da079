import {
  factOf,
  MEASURE_COLUMNS,
  type RejectionReason,
  readSeedTraits,
  SeedMeasures,
  type SpendFact,
} from '@app/litellm';
import { copyLine } from './copy-line.js';

/** What one line of a seed says as a whole, its fields given as values. */
export function readSeedLine(fields: readonly (string | null)[]): {
  readonly fact: SpendFact | null;
  readonly rejections: readonly RejectionReason[];
} {
  const measures = new SeedMeasures();
  measures.read(copyLine(fields), 0);
  if (!measures.placed) return { fact: null, rejections: measures.rejections };
  const { traits, rejections } = readSeedTraits(fields.slice(MEASURE_COLUMNS.length));
  return { fact: factOf(traits, measures), rejections: [...measures.rejections, ...rejections] };
}
