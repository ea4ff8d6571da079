import {
  addresses,
  anyText,
  boolean,
  DURATION_BOUNDS,
  duration,
  durationOrZero,
  integer,
  matching,
  oneOf,
} from './forms.js';
import { setting } from './setting.js';

/** PostgreSQL's rule for names of replication slots. */
const SLOT_NAME = /^[a-z0-9_]{1,63}$/;
/** Lower-case, because it travels unquoted; 48 of 63 characters leave room for suffixes of our own. */
const PUBLICATION_NAME = /^[a-z_][a-z0-9_]{0,47}$/;
const MOST_BYTES = 999_999_999_999_999;

/** How rows come out of PostgreSQL. */
export const replicationSettings = {
  REPLICATION_PLUGIN: setting({
    group: 'Replication',
    schema: oneOf('auto', 'wal2json', 'pgoutput'),
    default: 'auto',
    accepted: 'one of auto, wal2json, pgoutput',
    secret: false,
    description:
      "Logical decoding plugin. `auto` takes the existing slot's, else wal2json where the server has it and allows it, else pgoutput. " +
      'POSTGRES_SETUP.md#plugin says what each lets the role read.',
  }),
  REPLICATION_SLOT: setting({
    group: 'Replication',
    schema: matching(SLOT_NAME),
    default: null,
    defaultInWords: '`litellm_exporter_<database>`',
    accepted: 'a slot name: 1 to 63 of a-z, 0-9 and _',
    secret: false,
    description:
      "Name of the replication slot. In the default, characters of the database's name that a slot may not have become `_`.",
  }),
  REPLICATION_PUBLICATION: setting({
    group: 'Replication',
    schema: matching(PUBLICATION_NAME),
    default: 'litellm_exporter',
    accepted: 'a lower-case name: 1 to 48 of a-z, 0-9 and _, not beginning with a digit',
    secret: false,
    description: 'Name that the publications of pgoutput begin with.',
  }),
  REPLICATION_MAX_RETAINED_BYTES: setting({
    group: 'Replication',
    schema: integer(0, MOST_BYTES),
    default: '0',
    accepted: `a whole number of bytes up to ${MOST_BYTES}, or 0 for off`,
    secret: false,
    description:
      'Drop our own slot when more write-ahead log than this is not confirmed, and seed again when all is well. 0 is off. ' +
      'POSTGRES_SETUP.md#slots says how it goes together with `max_slot_wal_keep_size`.',
  }),
  REPLICATION_FAILOVER: setting({
    group: 'Replication',
    schema: boolean,
    default: 'false',
    accepted: 'true or false',
    secret: false,
    description: 'Make a failover slot. It takes PostgreSQL 17 or later and `REDIS_URL`; without them the start fails.',
  }),
  ROW_MAX_AGE: setting({
    group: 'Replication',
    schema: duration,
    default: '24h',
    accepted: `a length of time from ${DURATION_BOUNDS}, like 1d, 24h or 90m`,
    secret: false,
    description:
      'A row that ended longer than this before its commit is history (a backfill), and does not count by itself.',
  }),
} as const;

/** Where state rests. */
export const stateSettings = {
  REDIS_URL: setting({
    group: 'State',
    schema: anyText,
    default: null,
    accepted: 'redis://user:password@host:port/number or rediss://…, with reserved characters percent-encoded',
    secret: true,
    description:
      'Redis that keeps the state over restarts. Without it the state is in memory and seeded at each start.',
  }),
  REDIS_TLS_CA: setting({
    group: 'State',
    schema: anyText,
    default: null,
    accepted: 'the path of a readable PEM file, with a rediss:// URL',
    secret: false,
    description:
      "File with the certificate authorities that may have signed Redis' certificate (PEM); those of Node.js without it. Certificate and host name are always checked.",
  }),
  REDIS_TLS_CERT: setting({
    group: 'State',
    schema: anyText,
    default: null,
    accepted: 'the path of a readable PEM file, together with REDIS_TLS_KEY',
    secret: false,
    description: 'File with the client certificate for Redis (PEM), where it asks for one.',
  }),
  REDIS_TLS_KEY: setting({
    group: 'State',
    schema: anyText,
    default: null,
    accepted: 'the path of a readable PEM file, together with REDIS_TLS_CERT',
    secret: false,
    description: 'File with the key of that certificate (PEM, not encrypted).',
  }),
  REDIS_KEY_PREFIX: setting({
    group: 'State',
    schema: matching(/^[^\s{}\p{Cc}]{1,200}$/u),
    default: null,
    defaultInWords: '`litellm_exporter:<database>`',
    accepted: '1 to 200 characters without spaces and braces',
    secret: false,
    description: 'What all keys in Redis begin with, in braces: `{litellm_exporter:<database>}:…`.',
  }),
  REDIS_SENTINELS: setting({
    group: 'State',
    schema: addresses(26_379),
    default: null,
    accepted: 'host:port,host:port,…, together with REDIS_SENTINEL_NAME',
    secret: false,
    description:
      'Redis Sentinels to ask for the master. `REDIS_URL` is then needed only for TLS (`rediss://`, to the Sentinels too), user, password and number; its host is ignored.',
  }),
  REDIS_SENTINEL_NAME: setting({
    group: 'State',
    schema: matching(/^[^\s\p{Cc}]{1,200}$/u),
    default: null,
    accepted: 'the name of a master, together with REDIS_SENTINELS',
    secret: false,
    description: 'Name of the master that the Sentinels watch.',
  }),
  REDIS_SENTINEL_PASSWORD: setting({
    group: 'State',
    schema: anyText,
    default: null,
    accepted: 'a password',
    secret: true,
    description:
      'Password of the Sentinels themselves, where they ask for one. Without `REDIS_SENTINELS` it is ignored.',
  }),
  REDIS_CLUSTER: setting({
    group: 'State',
    schema: boolean,
    default: 'false',
    accepted: 'true or false',
    secret: false,
    description:
      'Speak to a Redis Cluster, of which `REDIS_URL` names a node (or a name of all nodes). All keys are in one slot, so that one node holds the whole state.',
  }),
  STATE_MAX_STALENESS: setting({
    group: 'State',
    schema: durationOrZero,
    default: '0',
    accepted: `0 or a length of time from ${DURATION_BOUNDS}, like 1d, 24h or 90m`,
    secret: false,
    description:
      'While Redis can not be read, go on serving the last state until it is this old; `litellm_exporter_state_age_seconds` says how old it is. Only for a single replica: of several, one could answer with an older state than another. 0: without Redis the families of LiteLLM are left out at once.',
  }),
} as const;
