import { fileTwinOf, isSettingName, SETTING_NAMES, type SettingName } from './settings.js';

/**
 * Names that other programs own, LiteLLM above all: an exporter often shares an environment (`envFrom`, one `.env`)
 * with it, and must not stumble over what is right there.
 */
const FOREIGN = new Set([
  'DATABASE_HOST',
  'DATABASE_PORT',
  'DATABASE_USER',
  'DATABASE_NAME',
  'DATABASE_USERNAME',
  'DATABASE_PASSWORD',
  'DATABASE_SCHEMA',
  'DATABASE_SSLMODE',
  'DATABASE_SSLROOTCERT',
  'DATABASE_URL_READ_REPLICA',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_USERNAME',
  'REDIS_PASSWORD',
  'REDIS_DB',
  'REDIS_SSL',
  'REDIS_TLS',
  'REDIS_URI',
  'REDIS_CLUSTER_NODES',
  'REDIS_SENTINEL_NODES',
  'REDIS_SERVICE_NAME',
  'LOGLEVEL',
]);

/** Names that mean what one of ours means, but resemble it too little to be found by spelling. */
export const OTHER_WORDS: Readonly<Record<string, SettingName>> = {
  LITELLM_DB_URL: 'DATABASE_URL',
  LITELLM_DATABASE_URL: 'DATABASE_URL',
  LITELLM_DB_DATABASE: 'LITELLM_DB_NAME',
  LITELLM_DB_HOSTNAME: 'LITELLM_DB_HOST',
  METRICS_BUCKETS: 'METRICS_DURATION_BUCKETS',
};

/** Prefixes that nobody but this exporter uses: every unknown name under them is a mistake. */
export const OUR_PREFIXES = ['LITELLM_DB_'];
/** Prefixes that others may use too: an unknown name under them is a mistake where it is made of our words. */
export const SHARED_PREFIXES = ['METRICS_', 'METRIC_', 'REPLICATION_', 'TELEMETRY_'];
/** A short name has neighbours that mean something else; from this length on two slips are still a slip. */
export const LONG_NAME = 10;
/** Edits by which a long name, or one under our prefixes, may differ from what was meant. */
export const MOST_EDITS = 2;

/** Letters to insert, remove, replace or swap with their neighbour to get from one text to the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped && row > 1 && column > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** What a suspicious name was probably meant to be. */
export interface NearMiss {
  readonly meant: string;
  /** True where the setting exists, but can't be read from a file. */
  readonly noFileTwin: boolean;
}

/**
 * The name that `name` was meant to be; null for a known name and for what is probably another program's.
 * `isSet` tells which variables are set: beside the right spelling, a similar name of a shared kind is somebody else's.
 */
export function nearMissOf(name: string, isSet: (name: string) => boolean): NearMiss | null {
  const known = knownNames();
  if (known.has(name) || FOREIGN.has(name)) return null;
  const upper = name.toUpperCase();
  const withoutFile = upper.replace(/_FILE$/, '');
  if (withoutFile !== upper && isSettingName(withoutFile) && fileTwinOf(withoutFile) === null) {
    return { meant: withoutFile, noFileTwin: true };
  }
  const other = OTHER_WORDS[upper];
  if (other !== undefined) return { meant: other, noFileTwin: false };
  const [meant, distance] = closest(upper, known);
  const ours = OUR_PREFIXES.some((prefix) => upper.startsWith(prefix));
  if (ours || SHARED_PREFIXES.some((prefix) => upper.startsWith(prefix))) {
    const best = distance <= MOST_EDITS ? meant : (abridgedOrExtended(upper, known) ?? (ours ? meant : null));
    return best === null ? null : { meant: best, noFileTwin: false };
  }
  const slip = distance <= (upper.length >= LONG_NAME ? MOST_EDITS : 1) && !isSet(meant);
  return slip ? { meant, noFileTwin: false } : null;
}

/** Names of all settings and of their `_FILE` twins. */
function knownNames(): ReadonlySet<string> {
  const twins = SETTING_NAMES.flatMap((name) => fileTwinOf(name) ?? []);
  return new Set([...SETTING_NAMES, ...twins]);
}

function closest(name: string, known: ReadonlySet<string>): readonly [string, number] {
  let best = '';
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return [best, least];
}

/** `METRICS_INTERVAL` leaves out a word of a name, `LITELLM_DB_PASS` its end, and `REPLICATION_SLOT_NAME` adds one. */
function abridgedOrExtended(name: string, known: ReadonlySet<string>): string | null {
  const words = name.split('_');
  for (const candidate of known) {
    const vocabulary = new Set(candidate.split('_'));
    const fewerWords = words.length > 1 && words.every((word) => vocabulary.has(word));
    const cutShort = candidate.startsWith(name) && name.length > candidate.lastIndexOf('_') + 1;
    if (fewerWords || cutShort || name.startsWith(candidate)) return candidate;
  }
  return null;
}
