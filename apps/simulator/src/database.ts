import type pg from 'pg';

/** Anything of `pg` that runs a statement. */
export type Connection = pg.Pool | pg.Client | pg.PoolClient;

/** Runs statements, inside or outside of a transaction. */
export interface Session {
  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResult>;
}

/** An identifier for SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function isPool(connection: Connection): connection is pg.Pool {
  return 'totalCount' in connection;
}

function sessionOf(connection: Connection): Session {
  return { query: (text, values) => connection.query(text, values === undefined ? undefined : [...values]) };
}

/**
 * A LiteLLM database: a connection and the schema in which the tables stand. A pool gives each transaction a
 * connection of its own; a single client runs them one after another, so callers must not overlap them.
 */
export class Database implements Session {
  readonly #connection: Connection;
  readonly #session: Session;

  constructor(
    connection: Connection,
    readonly schema: string,
  ) {
    this.#connection = connection;
    this.#session = sessionOf(connection);
  }

  /** True where transactions may overlap. */
  get concurrent(): boolean {
    return isPool(this.#connection) && (this.#connection.options.max ?? 10) > 1;
  }

  /** The qualified name of a table, for SQL. */
  table(name: string): string {
    return `${identifier(this.schema)}.${identifier(name)}`;
  }

  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResult> {
    return this.#session.query(text, values);
  }

  /** Runs the work in one transaction; its failure rolls everything back and is thrown on. */
  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    if (!isPool(connection)) return inTransaction(this.#session, work);
    const client = await connection.connect();
    let failure: Error | undefined;
    try {
      return await inTransaction(sessionOf(client), work);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(failure);
    }
  }
}

async function inTransaction<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  await session.query('BEGIN');
  try {
    const result = await work(session);
    await session.query('COMMIT');
    return result;
  } catch (error) {
    // The connection may be the failure: what matters is the first error, not that ROLLBACK failed too.
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
