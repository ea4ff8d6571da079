import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { LogicalReplicationService } from 'pg-logical-replication';
import {
  connectionOf,
  framingOf,
  hostReplication,
  type LibraryPlugin,
  rememberListeners,
} from './hosted-replication.js';

const read = createRequire(import.meta.url);

/** A client whose connection is nothing but events; a query is for ever under way. */
function idleClient(): pg.Client {
  const connection = Object.assign(new EventEmitter(), {
    stream: new EventEmitter(),
    sendCopyFromChunk: () => undefined,
  });
  return { connection, query: () => new Promise(() => undefined) } as unknown as pg.Client;
}

const plugin = (start: (client: pg.Client) => Promise<unknown>): LibraryPlugin => ({
  options: {},
  name: 'none',
  start,
  parse: (bytes: Buffer) => bytes.toString(),
});

describe('the library’s private parts that are relied upon', () => {
  it('is the version that they were read in', () => {
    expect(read('pg-logical-replication/package.json').version).toBe('2.5.0');
    expect(read('pg/package.json').version).toBe('8.23.1');
  });

  it('opens its connection in a method `client` and keeps it in `_client` and `_connection`', () => {
    const prototype = LogicalReplicationService.prototype as unknown as Record<string, unknown>;
    expect(typeof prototype.client).toBe('function');
    expect(new LogicalReplicationService({})).toMatchObject({ _client: null, _connection: null, _stop: true });
  });

  it('subscribes on the client that it is given, and hands over what the wire brings', async () => {
    const client = idleClient();
    const service = hostReplication(client);
    const heard: unknown[] = [];
    service.on('start', () => void heard.push('start'));
    service.on('data', (lsn: string, message: unknown) => void heard.push([lsn, message]));
    service.on('heartbeat', (lsn: string, _: number, respond: boolean) => void heard.push([lsn, respond]));
    const hosted = new Promise((resolve) => {
      void service.subscribe(
        plugin((given) => new Promise(() => resolve(given))),
        'slot',
        '0/10',
      );
    });
    expect(await hosted).toBe(client);
    const connection = connectionOf(client);
    connection.emit('replicationStart');
    const data = Buffer.concat([
      Buffer.from('w'),
      Buffer.from('000000010000000200000000000000030000000000000004', 'hex'),
    ]);
    connection.emit('copyData', { chunk: Buffer.concat([data, Buffer.from('hello')]) });
    const keepalive = Buffer.from('6b0000000a000000ff000000000000000001', 'hex');
    connection.emit('copyData', { chunk: keepalive });
    expect(heard).toEqual(['start', ['1/2', 'hello'], ['A/FF', true]]);
  });

  it('never replies by itself', async () => {
    const client = idleClient();
    const sent: unknown[] = [];
    connectionOf(client).sendCopyFromChunk = (chunk) => void sent.push(chunk);
    const service = hostReplication(client);
    expect(service.config).toEqual({
      acknowledge: { auto: false, timeoutSeconds: 0 },
      flowControl: { enabled: false },
    });
    void service.subscribe(
      plugin(() => new Promise(() => undefined)),
      'slot',
      '0/10',
    );
    await new Promise(setImmediate);
    connectionOf(client).emit('replicationStart');
    connectionOf(client).emit('copyData', { chunk: Buffer.alloc(30, 'w') });
    expect(sent).toEqual([]);
    expect(service).toMatchObject({ checkStandbyStatusTimer: null });
  });

  it('adds listeners to `copyData` and `replicationStart` alone, which can be taken off again', async () => {
    const client = idleClient();
    const connection = connectionOf(client);
    const own = () => undefined;
    connection.on('copyData', own);
    const forget = rememberListeners(connection);
    void hostReplication(client).subscribe(
      plugin(() => new Promise(() => undefined)),
      'slot',
      '0/10',
    );
    await new Promise(setImmediate);
    expect(connection.eventNames().sort()).toEqual(['copyData', 'replicationStart']);
    forget();
    expect(connection.rawListeners('copyData')).toEqual([own]);
    expect(connection.listenerCount('replicationStart')).toBe(0);
  });

  it('finds that pg reads its socket by one listener, to whole messages as well as to pieces', async () => {
    const stream = Object.assign(new EventEmitter(), { setNoDelay: () => undefined, connect: () => undefined });
    const client = new pg.Client({ stream: () => stream } as unknown as pg.ClientConfig);
    const connection = connectionOf(client);
    (connection as unknown as { connect(port: number, host: string): void }).connect(5432, 'nowhere');
    const heard: unknown[] = [];
    connection.on('copyData', ({ chunk }: { chunk: Buffer }) => void heard.push(chunk.toString()));
    const framing = framingOf(connection);
    expect(framingOf(connection)).toBe(framing);
    framing.data = (data) => void heard.push(data);
    stream.emit('data', Buffer.from('d\0\0\0\x07kee'));
    expect(heard).toEqual(['kee']);
  });

  it('finds in pg’s connection what it needs', () => {
    const connection = connectionOf(new pg.Client());
    expect(typeof connection.sendCopyFromChunk).toBe('function');
    expect(typeof connection.end).toBe('function');
    expect(connection.stream.bytesRead).toBe(0);
  });
});
