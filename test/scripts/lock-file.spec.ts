import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { completeLock, missingPackages } from '../../scripts/setup/lock-file.mjs';

it('package-lock.json names the packages of all platforms, else npm ci refuses it: run node scripts/complete-lock.mjs', () => {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  expect(missingPackages(lock.packages)).toEqual([]);
});

it('what is missing is added with the platform that its name tells', () => {
  const entries = {
    '': {},
    'node_modules/a': {
      version: '1.0.0',
      dev: true,
      optionalDependencies: { '@a/linux-arm64-musl': '1.0.0', '@a/win32-x64': '1.0.0' },
    },
    'node_modules/a/node_modules/@a/win32-x64': { version: '1.0.0' },
  };
  const platform = { cpu: ['arm64'], libc: ['musl'], os: ['linux'] };
  expect(completeLock(entries)).toEqual({
    ...entries,
    'node_modules/@a/linux-arm64-musl': { version: '1.0.0', ...platform, dev: true, optional: true },
  });
});

it('a name that tells no platform is left to a person', () => {
  expect(() => completeLock({ 'node_modules/a': { optionalDependencies: { b: '1.0.0' } } })).toThrow(
    'b names no platform',
  );
});
