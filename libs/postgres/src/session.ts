import {
  type ChangeStream,
  ExporterFailure,
  type Lsn,
  type Plugin,
  type SlotFacts,
  type StreamSink,
} from '@app/change';
import type {
  MetadataFacts,
  SchemaSight,
  SeedRequest,
  SeedResult,
  SeedSink,
  SpendLogKey,
  UpstreamFacts,
  UpstreamFigures,
  UpstreamSession,
} from '@app/litellm';
import type { Connection } from './connection.js';
import type { PostgresOptions, Reporter } from './options.js';
import type { Preflight } from './preflight.js';
import { carryOut } from './publication.js';
import { lookAtSchema } from './schema-look.js';
import { readSeed } from './seed.js';
import { seedInterrupted } from './seed-failure.js';
import { WAL_SENDER_TIMEOUT_MS } from './session-settings.js';
import { createSlot, dropSlotFrom, dropSlotHere } from './slot.js';
import { checkSlotIsOurs } from './slot-check.js';
import { readSlot } from './slot-facts.js';
import { lookUpMetadata } from './spend-log-metadata.js';
import { openChangeStream } from './stream/index.js';
import { streamSource } from './stream-source.js';
import { emitMessage, readFigures } from './upstream-figures.js';

/** What a session is made of. */
export interface SessionParts {
  readonly options: PostgresOptions;
  readonly reporter: Reporter;
  /** Holds the advisory lock; makes the slot, keeps its snapshot, then streams. */
  readonly replication: Connection;
  readonly control: Connection;
  readonly preflight: Preflight & { readonly plugin: Plugin };
  readonly facts: UpstreamFacts;
}

/** A passed preflight, with its connections. */
export class PostgresSession implements UpstreamSession {
  readonly facts: UpstreamFacts;
  readonly lost: Promise<Error>;
  private readonly ending = new AbortController();
  private openStream: ChangeStream | null = null;
  private repaired: boolean;

  constructor(private readonly parts: SessionParts) {
    const { control, replication } = parts;
    this.facts = parts.facts;
    this.repaired = parts.preflight.repairs.length === 0;
    this.lost = Promise.race([control.lost, replication.lost]);
    // A fast shutdown ends ordinary sessions first and then waits for walsenders: ours must not be what it waits for.
    void control.lost.then((reason) => {
      this.ending.abort(reason);
      replication.destroy();
    });
    void replication.lost.then((reason) => this.ending.abort(reason));
  }

  slot(): Promise<SlotFacts | null> {
    return readSlot(this.parts.control, this.parts.options.slot, this.facts.version);
  }

  async seed(request: SeedRequest, sink: SeedSink): Promise<SeedResult> {
    const { control, options, preflight, replication, reporter } = this.parts;
    const signal = AbortSignal.any([request.signal, this.ending.signal]);
    await this.dropOurs();
    await this.repair();
    const wish = {
      name: options.slot,
      plugin: preflight.plugin,
      temporary: options.temporarySlot,
      failover: options.failover,
      version: this.facts.version,
    };
    try {
      const slot = await createSlot(replication, control, wish, { reporter, signal });
      const source = { options, tables: preflight.tables, control, reporter };
      return await readSeed(source, slot, { since: request.since, signal }, sink);
    } catch (error) {
      // Without its state the slot would only pin WAL.
      if (replication.open && control.open) await dropSlotHere(replication, wish.name).catch(() => undefined);
      const reason: unknown = this.ending.signal.reason;
      throw this.ending.signal.aborted
        ? seedInterrupted(reason instanceof Error ? reason.message : 'closing', reason)
        : error;
    }
  }

  async stream(from: Lsn, sink: StreamSink): Promise<ChangeStream> {
    const { control, options, preflight, replication } = this.parts;
    const slot = await this.slot();
    const refusal = this.gapBefore(slot);
    if (refusal !== null) throw refusal;
    const source = await streamSource(control, {
      plugin: preflight.plugin,
      schema: options.schema,
      tables: preflight.tables,
      publications: preflight.publications,
    });
    const request = { client: replication.client, slot: options.slot, from, source };
    this.openStream = await openChangeStream({ ...request, walSenderTimeoutMs: WAL_SENDER_TIMEOUT_MS }, sink);
    return this.openStream;
  }

  async dropSlot(): Promise<void> {
    const { control, options } = this.parts;
    const foreign = checkSlotIsOurs(await this.slot(), options);
    if (foreign !== null) throw foreign;
    await dropSlotFrom(control, options.slot);
  }

  metadata(rows: readonly SpendLogKey[]): Promise<ReadonlyMap<string, MetadataFacts>> {
    return lookUpMetadata(this.parts.control, this.parts.options.schema, this.parts.preflight.tables, rows);
  }

  figures(): Promise<UpstreamFigures> {
    const { control, options } = this.parts;
    return readFigures(control, { slot: options.slot, schema: options.schema, version: this.facts.version });
  }

  schema(): Promise<SchemaSight | null> {
    return lookAtSchema(this.parts.control, { options: this.parts.options, ...this.parts.preflight });
  }

  emitMessage(prefix: string, content: string): Promise<Lsn> {
    return emitMessage(this.parts.control, this.facts.version, prefix, content);
  }

  async close(): Promise<void> {
    const { control, replication } = this.parts;
    this.ending.abort(new Error('the session is closed'));
    if (this.openStream !== null) await this.openStream.close();
    // A walsender that waits for a lock does not see its client go.
    else if (replication.atWork && control.open) await terminate(control, replication.processId);
    await Promise.all([replication.close(), control.close()]);
  }

  private async dropOurs(): Promise<void> {
    const { options, replication } = this.parts;
    const slot = await this.slot();
    const foreign = checkSlotIsOurs(slot, options);
    if (foreign !== null) throw foreign;
    if (slot !== null) await dropSlotHere(replication, options.slot);
  }

  /** Publications come before the slot: a slot made earlier would look for them in a catalogue that lacks them. */
  private async repair(): Promise<void> {
    if (this.repaired) return;
    const { control, options, preflight, reporter } = this.parts;
    await carryOut(control, preflight.repairs, options.schema);
    for (const repair of preflight.repairs) reporter.info(`found and mended: ${repair.gaps.join('; ')}`);
    this.repaired = true;
  }

  /** Why a stream from this slot would have a gap (W5). */
  private gapBefore(slot: SlotFacts | null): ExporterFailure | null {
    const { options, preflight } = this.parts;
    if (slot === null) {
      const message = `slot "${options.slot}" does not exist`;
      return new ExporterFailure({ kind: 'slot-missing', message, section: '#slots' });
    }
    const foreign = checkSlotIsOurs(slot, options);
    if (foreign !== null) return foreign;
    if (slot.plugin !== preflight.plugin) {
      const message = `slot "${slot.name}" was made for ${slot.plugin}, and ${preflight.plugin} is asked for`;
      return new ExporterFailure({ kind: 'slot-lost', message, section: '#slots' });
    }
    if (this.repaired) return null;
    const gaps = preflight.repairs.flatMap((repair) => repair.gaps).join('; ');
    const message = `what the slot "${slot.name}" has for us is not whole: ${gaps}`;
    return new ExporterFailure({ kind: 'slot-lost', message, section: '#publication' });
  }
}

async function terminate(control: Connection, pid: number): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, 500).unref());
  await Promise.race([control.query('SELECT pg_terminate_backend($1)', [pid]).catch(() => undefined), late]);
}
