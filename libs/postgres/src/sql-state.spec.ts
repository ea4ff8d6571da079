import { ExporterFailure } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { failureFromSql, type SqlContext } from './sql-state.js';

const starting: SqlContext = { doing: 'streaming from slot "s"', plugin: 'wal2json', streaming: false };
const streaming: SqlContext = { ...starting, streaming: true };
const error = (code: string, message = 'text') => Object.assign(new Error(message), { code });

describe('failureFromSql', () => {
  it.each([
    ['42501', 'library "wal2json" may not be used as an output plugin', 'plugin-refused'],
    ['42501', 'permission denied to use replication slots', 'privilege-missing'],
    ['58P01', 'could not access file "wal2json": No such file or directory', 'plugin-refused'],
    ['58P01', 'requested WAL segment 00000001 has already been removed', 'slot-lost'],
    ['55000', 'can no longer get changes from replication slot "s"', 'slot-lost'],
    ['55000', 'can no longer access replication slot "s"', 'slot-lost'],
    ['55000', 'cannot read from logical replication slot "s"', 'slot-lost'],
    ['55000', 'replication slot "s" was not created in this database', 'slot-foreign'],
    ['55000', 'cannot use physical replication slot for logical decoding', 'slot-foreign'],
    ['55000', 'logical decoding requires wal_level >= logical', 'wal-level'],
    ['55000', 'replication slots cannot be used on RO (Read Only) node', 'server-in-recovery'],
    ['0A000', 'logical decoding cannot be used while in recovery', 'server-in-recovery'],
    ['55006', 'replication slot "s" is active for PID 1', 'slot-active'],
    ['42704', 'replication slot "s" does not exist', 'slot-missing'],
    ['53400', 'all replication slots are in use', 'slots-exhausted'],
    ['57P01', 'terminating connection due to administrator command', 'server-shutting-down'],
    ['57P03', 'the database system is starting up', 'server-in-recovery'],
    ['28P01', 'password authentication failed', 'authentication-failed'],
    ['55000', 'etwas anderes', 'stream-broken'],
    ['XX000', 'invalid memory alloc request size', 'stream-broken'],
  ])('takes %s "%s" for %s', (code, message, kind) => {
    const cause = error(code, message);
    expect(failureFromSql(cause, starting)).toMatchObject({
      kind,
      cause,
      message: `${starting.doing} failed: ${message}`,
    });
  });

  it('takes what is missing once the stream runs for a publication that the slot has begun without', () => {
    expect(failureFromSql(error('42704'), streaming).kind).toBe('slot-lost');
  });

  it('names the cause and the statement where the server refuses the plugin since its last minor release', () => {
    const cause = error('42501', 'library "wal2json" may not be used as an output plugin');
    expect(failureFromSql(cause, starting).remedy).toContain('output_plugin_libraries');
  });

  it('leaves a failure as it is, and takes any other error for a broken stream', () => {
    const failure = new ExporterFailure({ kind: 'fenced', message: 'text' });
    expect(failureFromSql(failure, starting)).toBe(failure);
    expect(failureFromSql('odd', starting)).toMatchObject({ kind: 'stream-broken' });
  });
});
