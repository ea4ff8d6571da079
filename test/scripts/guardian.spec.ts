import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { guard } from '../../scripts/servers/guardian.mjs';
import { awaitUntil } from '../support/await-until.js';

function isRunning(pid: number): boolean {
  try {
    // A process that nobody has waited for yet is over all the same.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it('a guarded server dies and its directory goes when its owner is killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-guarded-'));
  const script = new URL('../../scripts/servers/guardian.mjs', import.meta.url).href;
  const owner = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { spawn } from 'node:child_process';
     import { guard } from '${script}';
     const server = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
     guard('KILL', ${JSON.stringify(directory)}).watch(server.pid);
     console.log(server.pid);
     setInterval(() => {}, 1000);`,
  ]);
  const [pid] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(isRunning(Number(pid))).toBe(true);
  owner.kill('SIGKILL');
  await awaitUntil(() => !isRunning(Number(pid)) && !existsSync(directory), { what: 'the end of the server' });
});

it('a dismissed guardian kills what it watches and nothing else', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-guarded-'));
  const [watched, forgotten] = [spawn('sleep', ['600']), spawn('sleep', ['600'])];
  const guardian = guard('KILL', directory);
  guardian.watch(forgotten.pid);
  guardian.watch(watched.pid);
  const ended = once(watched, 'exit');
  await guardian.dismiss();
  await ended;
  expect(existsSync(directory)).toBe(false);
  expect(forgotten.exitCode ?? forgotten.signalCode).toBeNull();
  forgotten.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});
