import { type Cell, jsonOf, jsonTextOf, memberOf } from './column-value.js';
import type { MetadataFacts, RequestStatus, SpendFact } from './fact.js';

/** What metadata says where there is none. */
export const NO_METADATA: MetadataFacts = Object.freeze({ status: null, errorClass: '' });

/** What a row's `metadata` says. Never throws; what can't be read says nothing. */
export function readMetadata(value: Cell): MetadataFacts {
  const metadata = jsonOf(value);
  if (metadata === undefined) return NO_METADATA;
  return {
    status: statusOf(memberOf(metadata, 'status')),
    errorClass: jsonTextOf(memberOf(memberOf(metadata, 'error_information'), 'error_class')),
  };
}

/**
 * Completes a fact whose reading said `needsMetadata`; only those. A status of the row itself stands above that of
 * metadata, and only a failure of the row itself made such a fact a failure before.
 */
export function withMetadata(fact: SpendFact, metadata: MetadataFacts): SpendFact {
  const status = fact.status === 'failure' ? 'failure' : (metadata.status ?? 'success');
  return { ...fact, status, errorType: errorTypeOf(status, metadata) };
}

/** `success` or `failure` exactly; null for anything else. */
export function statusOf(value: unknown): RequestStatus | null {
  return value === 'success' || value === 'failure' ? value : null;
}

/** '' for a success, the class of a failure's error, `unknown` where metadata does not say. */
export function errorTypeOf(status: RequestStatus, metadata: MetadataFacts): string {
  return status === 'success' ? '' : metadata.errorClass || 'unknown';
}
