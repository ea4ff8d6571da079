import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { LogicalReplicationService } from 'pg-logical-replication';
import { CopyFraming } from './copy-framing.js';

/** A plugin as the library calls it; its own base class is not exported. */
export type LibraryPlugin = Parameters<LogicalReplicationService['subscribe']>[0];

/** What of pg's connection is used though it is not in its types. */
export interface ReplicationConnection extends NodeJS.EventEmitter {
  readonly stream: Socket;
  /** Writes one CopyData message. */
  sendCopyFromChunk(chunk: Buffer): void;
  /** Writes Terminate and ends the socket once it is flushed. */
  end(): void;
}

/** What of the library is private and relied upon here; hosted-replication.spec.ts fails when it changes. */
interface ServiceInternals {
  client(): Promise<[Client, ReplicationConnection]>;
  _client: Client | null;
  _connection: ReplicationConnection | null;
}

/** The connection behind a client. */
export function connectionOf(client: Client): ReplicationConnection {
  return client.connection as unknown as ReplicationConnection;
}

/**
 * The library's service on a connection that exists already. By itself it opens one of its own, which can't reach a
 * temporary slot, nor share the fate of an advisory lock.
 *
 * Its timer, its acknowledgements and its flow control are off: the timer confirms what was merely received, even with
 * `auto: false`. Its `stop()` is never called: it takes every listener off the client, pg's own included.
 */
export function hostReplication(client: Client): LogicalReplicationService {
  const service = new LogicalReplicationService(
    {},
    { acknowledge: { auto: false, timeoutSeconds: 0 }, flowControl: { enabled: false } },
  );
  const internals = service as unknown as ServiceInternals;
  internals.client = async () => {
    internals._client = client;
    internals._connection = connectionOf(client);
    return [client, internals._connection];
  };
  return service;
}

const FRAMINGS = new WeakMap<Socket, CopyFraming>();

/**
 * Stands between the socket of a connection and pg, which goes on to hear everything but the data of a stream; for as long as the connection
 * lasts, since a message may have begun. To be called while no message is under way, as before a query.
 *
 * @throws Error where pg does not read its socket by one listener to `data`
 */
export function framingOf({ stream }: ReplicationConnection): CopyFraming {
  let framing = FRAMINGS.get(stream);
  if (framing === undefined) {
    const [read, ...others] = stream.rawListeners('data') as ((chunk: Buffer) => void)[];
    if (read === undefined || others.length > 0) throw new Error('pg does not read its socket by one listener');
    framing = new CopyFraming(read);
    stream.removeListener('data', read);
    stream.on('data', framing.take.bind(framing));
    FRAMINGS.set(stream, framing);
  }
  return framing;
}

/** The events of the connection that the library listens to. */
const LIBRARY_EVENTS = ['copyData', 'replicationStart'] as const;

/**
 * Remembers who listens to the connection now. The returned function takes off every listener the library has added
 * since, and leaves pg's own.
 */
export function rememberListeners(connection: ReplicationConnection): () => void {
  const before = LIBRARY_EVENTS.map((event) => new Set(connection.rawListeners(event)));
  return () => {
    LIBRARY_EVENTS.forEach((event, index) => {
      for (const listener of connection.rawListeners(event)) {
        if (!before[index]?.has(listener)) connection.removeListener(event, listener as (...args: unknown[]) => void);
      }
    });
  };
}

/**
 * Ends a connection in the middle of a stream. What was still to be written is written, then Terminate; the promise
 * resolves when the socket is gone, and it is destroyed after `patienceMs` where the server does not answer.
 */
export async function endConnection(client: Client, patienceMs: number): Promise<void> {
  const connection = connectionOf(client);
  const socket = connection.stream;
  if (socket.destroyed) return;
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  // With a query open, pg's end() destroys the socket, and marks the end as wanted, so that it raises no error.
  const destroy = () => void client.end().catch(() => undefined);
  socket.once('end', destroy);
  const timer = setTimeout(() => {
    destroy();
    socket.destroy();
  }, patienceMs);
  connection.end();
  socket.resume();
  await gone;
  clearTimeout(timer);
}
