import type { Database, Session } from '../database.js';
import type { SpendLogRow } from '../traffic/spend-log-row.js';
import type { World } from '../world/world.js';
import type { RowWriter } from './insert.js';
import type { SpendLedger } from './spend-ledger.js';

const SPEND_LOGS = 'LiteLLM_SpendLogs';
const TOOL_INDEX = 'LiteLLM_SpendLogToolIndex';

/** Writes spend-log rows, one transaction a batch, and notes in the ledger what they cost. */
export class SpendLogWriter {
  readonly #database: Database;
  readonly #writer: RowWriter;
  readonly #ledger: SpendLedger;
  readonly #world: World;

  constructor(database: Database, writer: RowWriter, ledger: SpendLedger, world: World) {
    this.#database = database;
    this.#writer = writer;
    this.#ledger = ledger;
    this.#world = world;
  }

  /**
   * Inserts the rows in one transaction, a statement for every thousand.
   *
   * @returns the number of rows written; those whose request id exists are left out
   */
  async write(rows: readonly SpendLogRow[]): Promise<number> {
    // Before the commit: with several writers the order of commits differs from run to run, and what is noted must not.
    this.note(rows);
    return this.#database.transaction((session) => this.insert(session, rows));
  }

  /** Inserts the rows in a transaction of the caller's, who notes what they cost with {@link note}. */
  async insert(session: Session, rows: readonly SpendLogRow[]): Promise<number> {
    const written = await this.#writer.insert(session, SPEND_LOGS, rows);
    const tools = rows.filter((row) => row.mcp_namespaced_tool_name !== null);
    const index = tools.map(({ request_id, mcp_namespaced_tool_name, startTime }) => ({
      request_id,
      tool_name: mcp_namespaced_tool_name,
      start_time: startTime,
    }));
    if (index.length > 0) await this.#writer.insert(session, TOOL_INDEX, index);
    return written;
  }

  /** Notes what the rows cost, for the next flush. */
  note(rows: readonly SpendLogRow[]): void {
    for (const row of rows) this.#ledger.add(row, this.#world);
  }
}
