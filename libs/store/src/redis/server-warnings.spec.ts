import { expect, it } from '@jest/globals';
import { warningsOf } from './server-warnings.js';

it.each([
  ['maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n', []],
  ['maxmemory:100\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n', []],
  ['maxmemory:100\r\nmaxmemory_policy:volatile-ttl\r\n', [expect.stringContaining('volatile-ttl')]],
  ['maxmemory:0\r\naof_enabled:0\r\n', [expect.stringContaining('appendonly')]],
  ['', []],
])('settings of Redis that endanger the state are named: %j', (info, expected) => {
  expect(warningsOf(info)).toEqual(expected);
});
