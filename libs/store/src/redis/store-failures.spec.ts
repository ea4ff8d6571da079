import { ExporterFailure } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { storeFailure } from './store-failures.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'auth', args: ['secret'] } });
}

describe('failures of Redis', () => {
  it.each([
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'BUSY Redis is busy running a script.',
    'CLUSTERDOWN The cluster is down',
  ])('are passing where the server says %s', (message) => {
    expect(storeFailure(reply(message), 'redis:6379').kind).toBe('store-unavailable');
  });

  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", /maxmemory/],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', /REDIS_KEY_PREFIX/],
    ['MISCONF Redis is configured to save RDB snapshots', /disk/],
    ["NOPERM this user has no permissions to run the 'eval' command", /REDIS_URL/],
    ['ERR anything else', undefined],
  ])('are refusals where the server says %s', (message, remedy) => {
    const failure = storeFailure(reply(message), 'redis:6379');
    expect(failure.kind).toBe('store-refused');
    if (remedy !== undefined) expect(failure.remedy).toMatch(remedy);
  });

  it.each(['Command timed out', 'Connection is closed.', 'connect ECONNREFUSED'])(
    'are passing where the connection says %s',
    (message) => {
      expect(storeFailure(new Error(message), 'redis:6379').kind).toBe('store-unavailable');
    },
  );

  it('keep nothing of the command that failed, which may hold a password', () => {
    const failure = storeFailure(reply('WRONGPASS invalid username-password pair'), 'redis:6379');
    expect(JSON.stringify([failure, failure.cause, Object.getOwnPropertyNames(failure.cause)])).not.toContain('secret');
    expect(failure.cause).not.toHaveProperty('command');
  });

  it('pass those on that are failures already', () => {
    const failure = new ExporterFailure({ kind: 'fenced', message: 'm' });
    expect(storeFailure(failure, 'p')).toBe(failure);
  });
});
