import { ExporterFailure, type SlotFacts } from '@app/change';
import { poolerInBetween } from './connection-failure.js';
import type { PostgresOptions } from './options.js';
import type { ServerFacts } from './server-facts.js';

/** What a check has found: what stops us, and what is only worth a line in the log. */
export interface Findings {
  readonly failures: readonly ExporterFailure[];
  readonly warnings: readonly string[];
}

/** The oldest server that is supported. */
export const OLDEST_VERSION = 140_000;
/** First version whose slots can be synchronised to standbys. */
export const FAILOVER_VERSION = 170_000;

/** Checks the server alone: version, role of the server, settings, room for a slot. */
export function checkServer(server: ServerFacts, options: PostgresOptions, slot: SlotFacts | null): Findings {
  return {
    failures: [
      ...checkVersion(server),
      ...checkPooler(server),
      ...checkRecovery(server),
      ...checkWalLevel(server),
      ...checkSlots(server, options, slot),
      ...checkSchema(server, options),
      ...checkFailover(server, options),
    ],
    warnings: warningsOf(server, options),
  };
}

/** `15.20` of 150020. */
export function versionText(version: number): string {
  return `${Math.floor(version / 10_000)}.${version % 10_000}`;
}

function checkVersion(server: ServerFacts): ExporterFailure[] {
  if (server.version >= OLDEST_VERSION) return [];
  return [
    new ExporterFailure({
      kind: 'server-unsupported',
      message: `the server is PostgreSQL ${versionText(server.version)}, and 14 is the oldest that works`,
      remedy: 'upgrade PostgreSQL to 14 or later',
      section: '#version',
    }),
  ];
}

function checkPooler(server: ServerFacts): ExporterFailure[] {
  if (server.sameBackend) return [];
  return [new ExporterFailure(poolerInBetween('two statements of one session reached different backends'))];
}

function checkRecovery(server: ServerFacts): ExporterFailure[] {
  if (!server.inRecovery) return [];
  return [
    new ExporterFailure({
      kind: 'server-in-recovery',
      message: 'the server is a standby, or still recovering: it can neither make slots nor write messages',
      remedy: 'name the primary in LITELLM_DB_HOST (or DATABASE_URL), or wait for the promotion',
    }),
  ];
}

function checkWalLevel(server: ServerFacts): ExporterFailure[] {
  if (server.walLevel === 'logical') return [];
  return [
    new ExporterFailure({
      kind: 'wal-level',
      message: `wal_level is "${server.walLevel}", and logical replication needs "logical"`,
      remedy: `ALTER SYSTEM SET wal_level = 'logical'; and restart PostgreSQL (managed services: rds.logical_replication, cloudsql.logical_decoding, …)`,
      section: '#wal_level',
    }),
  ];
}

function checkSlots(server: ServerFacts, options: PostgresOptions, slot: SlotFacts | null): ExporterFailure[] {
  if (slot !== null || server.usedSlots < server.maxSlots) return [];
  return [
    new ExporterFailure({
      kind: 'slots-exhausted',
      message: `all ${server.maxSlots} replication slots are in use, and "${options.slot}" is not one of them`,
      remedy: `ALTER SYSTEM SET max_replication_slots = ${server.maxSlots + 10}; and restart PostgreSQL, or SELECT pg_drop_replication_slot('…') one that nobody uses`,
      section: '#slots',
    }),
  ];
}

function checkSchema(server: ServerFacts, options: PostgresOptions): ExporterFailure[] {
  if (!server.schemaExists) {
    return [
      new ExporterFailure({
        kind: 'table-missing',
        message: `there is no schema "${options.schema}" in database "${options.database}"`,
        remedy: 'name the schema of LiteLLM’s tables: LITELLM_DB_SCHEMA, or ?schema= in DATABASE_URL',
        section: '#tables',
      }),
    ];
  }
  if (server.schemaUsable) return [];
  return [
    new ExporterFailure({
      kind: 'privilege-missing',
      message: `role "${server.role}" may not use schema "${options.schema}"`,
      remedy: `GRANT USAGE ON SCHEMA "${options.schema}" TO "${server.role}";`,
      section: '#role',
    }),
  ];
}

/** Who asks for it plans with it: a promotion that costs a new seed after all must not come as a surprise. */
function checkFailover(server: ServerFacts, options: PostgresOptions): ExporterFailure[] {
  if (!options.failover || server.version >= FAILOVER_VERSION) return [];
  return [
    new ExporterFailure({
      kind: 'server-unsupported',
      message: `REPLICATION_FAILOVER asks for a failover slot, which PostgreSQL has from 17 on; the server is ${versionText(server.version)}`,
      remedy: 'leave REPLICATION_FAILOVER unset (a promotion then costs a new seed), or upgrade PostgreSQL to 17',
      section: '#failover',
    }),
  ];
}

function warningsOf(server: ServerFacts, options: PostgresOptions): string[] {
  const warnings: string[] = [];
  if (!options.temporarySlot && server.maxSlotWalKeepSize === -1) {
    warnings.push(
      'max_slot_wal_keep_size is -1: while this exporter is away its slot keeps WAL without limit, until the disk is full; ' +
        "ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf(); (POSTGRES_SETUP.md#slots)",
    );
  }
  if (!options.temporarySlot && server.idleSlotTimeout > 0) {
    warnings.push(
      `idle_replication_slot_timeout is ${server.idleSlotTimeout} s: an exporter that is away for longer has to seed again`,
    );
  }
  return warnings;
}
