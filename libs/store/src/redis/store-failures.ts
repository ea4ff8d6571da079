import { ExporterFailure, isFailure } from '@app/change';
import { FORMAT } from './keys.js';
import type { ScriptReply } from './scripts/index.js';

/** Answers of a server that will be able to serve again by itself (redis.io, "Error replies"; cluster specification). */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|UNBLOCKED|MOVED|ASK)\b/;

/** A user, or a password, that is wrong, missing, or not wanted (Redis 6 and later; before, `invalid password`). */
const LOGIN_REFUSED = /^(WRONGPASS|NOAUTH|ERR invalid password|ERR.*\bAUTH\b)/;
const LOGIN_REMEDY =
  'correct user and password in REDIS_URL (or the file REDIS_URL_FILE), as `redis-cli ACL LIST` has them; ' +
  'reserved characters have to be percent-encoded (@ is %40, / is %2F)';
const CERTIFICATE_ASKED = /alert (certificate required|handshake failure|bad certificate|unknown ca)/i;

const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/^OOM\b/, 'raise maxmemory of Redis; its maxmemory-policy has to be noeviction'],
  [/^MISCONF\b/, 'see the log of Redis: it can not save to its disk'],
  [LOGIN_REFUSED, LOGIN_REMEDY],
  [CERTIFICATE_ASKED, 'set REDIS_TLS_CERT and REDIS_TLS_KEY: this Redis asks for a client certificate it knows'],
  [
    /certificate|altnames/i,
    'set REDIS_TLS_CA to the authority of the server, and name the host as its certificate does',
  ],
  [
    // With TLS 1.3 a server that misses our certificate may hang up before its reason has arrived.
    /ECONNRESET|EPIPE/,
    'check REDIS_URL, and whether Redis runs; over TLS it may ask for a client certificate (REDIS_TLS_CERT, REDIS_TLS_KEY)',
  ],
  [/^NOPERM\b/, 'allow the user of REDIS_URL all commands on keys that begin with {REDIS_KEY_PREFIX}'],
  [/^(MOVED|CROSSSLOT)\b/, 'set REDIS_CLUSTER=true, where that is not set'],
  [/cluster support disabled/, 'leave REDIS_CLUSTER unset: this Redis is no cluster'],
  [
    /\bsentinel\b.*(No such master|invalid reply: null)/,
    'correct REDIS_SENTINEL_NAME: this Sentinel watches no master of that name',
  ],
  [/\bsentinel\b.*(NOAUTH|WRONGPASS)/, 'correct REDIS_SENTINEL_PASSWORD'],
  [/\bsentinel\b/, 'check REDIS_SENTINELS, and whether they run'],
  [/^WRONGTYPE\b/, 'delete the foreign key, or set another REDIS_KEY_PREFIX'],
];

/** True for an error with which the server itself answered. */
function isReply(error: Error): boolean {
  return error.name === 'ReplyError';
}

/**
 * Turns an error of the client into a failure. The cause carries the message alone, because an error of the client also
 * carries the arguments of its command, which may be a password or a whole step.
 */
export function storeFailure(error: unknown, place: string): ExporterFailure {
  if (error instanceof ExporterFailure) return error;
  const { message, name } = error instanceof Error ? error : { message: String(error), name: 'Error' };
  const cause = Object.assign(new Error(message), { name });
  const refused = error instanceof Error && isReply(error) && !PASSING.test(message);
  if (refused) {
    const remedy = REMEDIES.find(([pattern]) => pattern.test(message))?.[1];
    return new ExporterFailure({
      kind: 'store-refused',
      message: `Redis at ${place} refused: ${message}`,
      remedy,
      cause,
    });
  }
  return unavailableFailure(place, message, cause);
}

/** True for the refusal of a server that has reached its `maxmemory`. */
export function isOutOfMemory(error: unknown): boolean {
  return isFailure(error, 'store-refused') && error.cause instanceof Error && /^OOM\b/.test(error.cause.message);
}

/** True where a key of ours holds something that we did not put there. */
export function isWrongType(error: unknown): boolean {
  if (!isFailure(error, 'store-refused')) return false;
  return error.cause instanceof WrongType || (error.cause instanceof Error && /^WRONGTYPE\b/.test(error.cause.message));
}

/** The failure of a store that can't be asked. */
export function unavailableFailure(place: string, text: string, cause?: unknown): ExporterFailure {
  // OpenSSL says what happened between the names of its functions and files.
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1] ?? text.trim();
  return new ExporterFailure({
    kind: 'store-unavailable',
    message: `Redis at ${place} ${LOGIN_REFUSED.test(reason) ? 'refuses the login' : "can't be reached"}: ${reason}`,
    remedy: REMEDIES.find(([pattern]) => pattern.test(reason))?.[1] ?? 'check REDIS_URL, and whether Redis runs',
    cause,
  });
}

/** The failure of a store that holds what another version wrote. */
export function formatFailure(found: string): ExporterFailure {
  return new ExporterFailure({
    kind: 'store-format',
    message: `Redis holds state of format ${found}, this version reads format ${FORMAT}`,
    remedy: 'run the newer version, or set another REDIS_KEY_PREFIX for this one',
  });
}

/** Says which key holds something else than it should. */
class WrongType extends Error {}

/** The failure of a key of ours that somebody else made. */
export function wrongTypeFailure(key: string): ExporterFailure {
  return new ExporterFailure({
    kind: 'store-refused',
    message: `the key ${key} in Redis has a type that the exporter did not give it`,
    remedy: `delete it, or set another REDIS_KEY_PREFIX`,
    cause: new WrongType(key),
  });
}

/** What the words common to all scripts mean; null for a word of success. */
export function failureOfReply(
  [word, detail = '']: ScriptReply,
  fenced: (standing: string) => ExporterFailure,
): ExporterFailure | null {
  switch (word) {
    case 'FENCED':
      return fenced(detail);
    case 'FORMAT':
      return formatFailure(detail);
    case 'WRONGTYPE':
      return wrongTypeFailure(detail);
    case 'LATE':
      return new ExporterFailure({ kind: 'store-refused', message: 'a later run has begun to write the stored base' });
    default:
      return null;
  }
}
