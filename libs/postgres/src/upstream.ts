import { ExporterFailure, type FailureKind, type Plugin } from '@app/change';
import {
  relationOf,
  type SlotWatch,
  TABLE_NAMES,
  Upstream,
  type UpstreamFacts,
  type UpstreamSession,
} from '@app/litellm';
import { takeAdvisoryLock } from './advisory-lock.js';
import { Connection } from './connection.js';
import { failuresAsOne } from './failures-as-one.js';
import type { PluginChoice, PostgresOptions, Reporter } from './options.js';
import { type Preflight, preflight, preflightServer, type ServerPreflight } from './preflight.js';
import { shapeOf } from './schema-shape.js';
import { PostgresSession } from './session.js';
import { PostgresSlotWatch } from './slot-watch.js';
import { identifySystem, timelineHistory } from './source-facts.js';
import { presence } from './table-state.js';
import { readFigures } from './upstream-figures.js';

/** The way to PostgreSQL 14 to 18. */
export class PostgresUpstream extends Upstream {
  constructor(
    private readonly options: PostgresOptions,
    private readonly reporter: Reporter,
  ) {
    super();
  }

  override async connect(signal: AbortSignal, held?: () => void): Promise<UpstreamSession> {
    const control = await Connection.open(this.options, 'control', signal);
    let replication: Connection | null = null;
    try {
      await forgetTimeLimits(control);
      const first = await preflightServer(control, this.options);
      if (first.failures.length > 0) throwAll(await allFailures(control, this.options, { first, signal }));
      replication = await this.claim(control, signal, held).catch(async (denied: unknown) => {
        if (isDenied(denied)) throwAll(await allFailures(control, this.options, { first, signal, denied }));
        throw denied;
      });
      const findings = await preflight(control, this.options, first);
      throwAll(findings.failures);
      return await this.session(control, replication, findings);
    } catch (error) {
      await Promise.all([control.close(), replication?.close()]);
      throw control.explain(error);
    }
  }

  override watchSlot(): SlotWatch {
    return new PostgresSlotWatch(this.options, this.reporter);
  }

  private claim(control: Connection, signal: AbortSignal, held?: () => void): Promise<Connection> {
    const openReplication = async (): Promise<Connection> => {
      const replication = await Connection.open(this.options, 'replication', signal);
      await forgetTimeLimits(replication);
      return replication;
    };
    const { reporter } = this;
    const { slot, temporarySlot } = this.options;
    return takeAdvisoryLock({ control, openReplication, slot, shared: !temporarySlot, reporter, signal, held });
  }

  private async session(control: Connection, replication: Connection, findings: Preflight): Promise<UpstreamSession> {
    const { plugin } = findings;
    if (plugin === null) throw new RangeError('a preflight without failures has chosen a plugin');
    const facts = await this.facts(control, replication, { ...findings, plugin });
    this.reporter.info(introduction(facts, this.options.plugin));
    const { options, reporter } = this;
    return new PostgresSession({ options, reporter, replication, control, preflight: { ...findings, plugin }, facts });
  }

  private async facts(
    control: Connection,
    replication: Connection,
    findings: Preflight & { readonly plugin: Plugin },
  ): Promise<UpstreamFacts> {
    const { options } = this;
    const { server, tables } = findings;
    const identity = await identifySystem(replication, control);
    const place = { slot: options.slot, schema: options.schema, version: server.version };
    const { walEnd } = await readFigures(control, place);
    return {
      source: {
        systemId: identity.systemId,
        timeline: identity.timeline,
        database: options.database,
        schema: options.schema,
        spendLogsOid: tables.get('spend_logs')?.state.oid ?? 0,
      },
      version: server.version,
      plugin: findings.plugin,
      slot: options.slot,
      temporarySlot: options.temporarySlot,
      inRecovery: server.inRecovery,
      walEnd,
      timelineHistory: await timelineHistory(replication, identity.timeline),
      tables: presence(tables),
      schema: shapeOf(tables, findings.repairs),
      warnings: findings.warnings,
    };
  }
}

/**
 * Runs every check and creates nothing: what `doctor` prints. Takes no lock, so it may run beside an exporter.
 *
 * @throws ExporterFailure where there is no connection at all.
 */
export async function inspectPostgres(options: PostgresOptions, signal: AbortSignal): Promise<Preflight> {
  const control = await Connection.open(options, 'control', signal);
  try {
    return await inspect(control, options, { first: await preflightServer(control, options), signal });
  } finally {
    await control.close();
  }
}

/** What an operator mends at the server, so that whatever else has to be mended there is asked for at once. */
const DENIED: readonly FailureKind[] = ['privilege-missing', 'slots-exhausted'];
/** With these the server is not one to look further at: it is too old, not the one that is meant, or not open yet. */
const ALONE: readonly FailureKind[] = ['server-unsupported', 'server-in-recovery'];

function isDenied(error: unknown): error is ExporterFailure {
  return error instanceof ExporterFailure && DENIED.includes(error.kind);
}

/** What is known when something stands in the way. */
interface Obstacles {
  readonly first: ServerPreflight;
  readonly signal: AbortSignal;
  /** Why there is no replication connection; it is tried without it. */
  readonly denied?: ExporterFailure;
}

/** All that stands in the way: server, role, tables, grants and, where pgoutput is asked for, publications. */
async function allFailures(
  control: Connection,
  options: PostgresOptions,
  obstacles: Obstacles,
): Promise<readonly ExporterFailure[]> {
  const { failures } = obstacles.first;
  if (failures.some(({ kind }) => ALONE.includes(kind))) return failures;
  return (await inspect(control, options, obstacles)).failures;
}

async function inspect(
  control: Connection,
  options: PostgresOptions,
  { first, signal, denied }: Obstacles,
): Promise<Preflight> {
  const refusal = denied ?? (await replicationFailure(options, signal));
  const failures = refusal === null ? first.failures : [...first.failures, refusal];
  return preflight(control, options, { ...first, failures });
}

async function replicationFailure(options: PostgresOptions, signal: AbortSignal): Promise<ExporterFailure | null> {
  try {
    const replication = await Connection.open(options, 'replication', signal);
    await replication.close();
    return null;
  } catch (error) {
    if (error instanceof ExporterFailure) return error;
    throw error;
  }
}

/** Server, plugin and slot in words, and what this LiteLLM lacks: the families that need it are absent. */
function introduction({ version, plugin, slot, temporarySlot, tables }: UpstreamFacts, wanted: PluginChoice): string {
  const major = Math.floor(version / 10_000);
  const kind = temporarySlot ? 'temporary slot' : 'slot';
  const absent = TABLE_NAMES.filter((table) => !tables[table]).map(relationOf);
  const lacks = absent.length === 0 ? '' : `; without ${absent.join(', ')}, so families that need them are absent`;
  const byAuto = wanted === 'auto' && plugin === 'wal2json' ? ' (by REPLICATION_PLUGIN=auto; whole rows travel)' : '';
  return `connected to PostgreSQL ${major}, plugin ${plugin}${byAuto}, ${kind} "${slot}"${lacks}`;
}

/** 17 has a limit for whole transactions, which no start-up option may name on an older server. */
async function forgetTimeLimits(connection: Connection): Promise<void> {
  await connection.query(`SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`);
}

function throwAll(failures: readonly ExporterFailure[]): void {
  const failure = failuresAsOne(failures);
  if (failure !== null) throw failure;
}
