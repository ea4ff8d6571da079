import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('../../scripts/stack.mjs', import.meta.url));

/** With a stand-in for docker that writes down what it is told: there is no container engine here. */
describe('npm start, npm stop, npm run clean', () => {
  let checkout: string;
  const told = () =>
    existsSync(join(checkout, 'told')) ? readFileSync(join(checkout, 'told'), 'utf8').trim().split('\n') : [];

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'exporter-stack-'));
    mkdirSync(join(checkout, 'scripts'));
    mkdirSync(join(checkout, 'bin'));
    cpSync(script, join(checkout, 'scripts/stack.mjs'));
    writeFileSync(join(checkout, 'bin/docker'), '#!/bin/sh\necho "$@" >> told\n', { mode: 0o755 });
  });
  afterEach(() => rmSync(checkout, { recursive: true, force: true }));

  const run = (action: string, { docker }: { readonly docker: boolean }) => {
    const path = docker ? `${join(checkout, 'bin')}:/usr/bin:/bin` : dirname(checkout);
    const options = { cwd: checkout, env: { PATH: path, EXPORTER_PORT: '19090' }, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(checkout, 'scripts/stack.mjs'), action],
      options,
    );
    return { status, text: `${stdout}${stderr}` };
  };

  it.each([
    ['start', 'compose up --build --detach'],
    ['stop', 'compose down'],
    ['clean', 'compose down --volumes --remove-orphans --rmi local'],
  ])('%s is docker %s', (action, words) => {
    expect(run(action, { docker: true }).status).toBe(0);
    expect(told()).toEqual(['compose version', words]);
  });

  it('start says where to look, at the ports that the environment names', () => {
    expect(run('start', { docker: true }).text).toContain('http://localhost:19090/metrics');
  });

  it('without Docker, start and stop say what to install and what does without', () => {
    for (const action of ['start', 'stop']) {
      expect(run(action, { docker: false })).toMatchObject({
        status: 1,
        text: expect.stringMatching(/install Docker .*npm run quickstart/),
      });
    }
  });

  it('clean takes away what builds and tests leave, with or without Docker, and nothing else', () => {
    for (const name of ['dist', 'coverage', '.tmp', 'node_modules']) mkdirSync(join(checkout, name));
    expect(run('clean', { docker: false }).status).toBe(0);
    expect(['dist', 'coverage', '.tmp'].filter((name) => existsSync(join(checkout, name)))).toEqual([]);
    expect(existsSync(join(checkout, 'node_modules'))).toBe(true);
  });

  it('another word is told what there is', () => {
    expect(run('restart', { docker: true })).toMatchObject({ status: 2, text: expect.stringContaining('usage:') });
  });
});
