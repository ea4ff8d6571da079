import { Connection } from './connection.js';
import type { ServerOptions } from './options.js';
import type { SeedView } from './seed-transaction.js';

/** The connection that a seed reads over: opened when first needed, and again after it had to be cut. */
export class SeedConnection {
  private current: Promise<Connection> | null = null;

  constructor(
    private readonly options: ServerOptions,
    private readonly snapshot: string,
    private readonly signal: AbortSignal,
  ) {}

  /** The view of the snapshot over an open connection. */
  async view(): Promise<SeedView> {
    const last = await this.current?.catch(() => null);
    if (last?.open !== true) this.current = Connection.open(this.options, 'seed', this.signal);
    const connection = await this.current;
    if (connection === null) throw new RangeError('a seed has a connection by now');
    return { connection, snapshot: this.snapshot };
  }

  /** Cuts it at once, and whatever it reads with it. */
  cut(): void {
    void this.current?.then((connection) => connection.destroy()).catch(() => undefined);
  }

  async close(): Promise<void> {
    const connection = await this.current?.catch(() => null);
    await connection?.close();
  }
}
