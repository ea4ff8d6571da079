import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { packagesAreCurrent } from '../../scripts/setup/packages.mjs';

const wanted = {
  '': {},
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0', optional: true },
};

describe('whether packages have to be installed', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'exporter-packages-'));
    mkdirSync(join(root, 'node_modules/a'), { recursive: true });
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function install(packages: object): void {
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  }

  it('they have on a bare checkout', () => {
    expect(packagesAreCurrent(root)).toBe(false);
  });

  it('they have not when all are there, those of other platforms aside', () => {
    install({ 'node_modules/a': { version: '1.0.0' } });
    expect(packagesAreCurrent(root)).toBe(true);
  });

  it.each([
    ['in another version', { 'node_modules/a': { version: '1.0.1' } }],
    ['missing', {}],
    ['optional, and in another version', { ...wanted, 'node_modules/b': { version: '2.0.1' } }],
  ])('they have when one is %s', (_, packages) => {
    install(packages);
    expect(packagesAreCurrent(root)).toBe(false);
  });

  it('they have when a folder has been removed by hand', () => {
    install({ 'node_modules/a': { version: '1.0.0' } });
    rmSync(join(root, 'node_modules/a'), { recursive: true });
    expect(packagesAreCurrent(root)).toBe(false);
  });
});
