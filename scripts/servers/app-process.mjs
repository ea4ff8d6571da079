import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guard } from './guardian.mjs';

const remembered = 200;

/**
 * A built application as a child process. It doesn't hear the terminal's Ctrl-C, since its end is ours to order, and it is killed when
 * this process ends, whatever ends it.
 * @typedef {object} App
 * @property {string} name
 * @property {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} ended Settles when it has ended; rejects when it can't start.
 * @property {() => boolean} isRunning
 * @property {() => readonly string[]} lastLines The newest lines of its output.
 * @property {() => Promise<void>} stop SIGTERM, SIGKILL after ten seconds; resolves when it is gone.
 */

/**
 * @param {{ name: string, entry: string, argv?: readonly string[], env?: Readonly<Record<string, string>> }} options
 * @returns {App}
 */
export function startApp({ name, entry, argv = [], env = {} }) {
  const guardian = guard('KILL');
  const child = spawn(process.execPath, ['--enable-source-maps', entry, ...argv], {
    detached: true,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardian.watch(child.pid);
  /** @type {string[]} */
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > remembered) lines.shift();
    });
  }
  let running = true;
  /** @type {App['ended']} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const note = () => {
    running = false;
    // Its number may be another process's by now.
    guardian.watch(undefined);
    return guardian.dismiss();
  };
  const gone = ended.then(note, note);
  const stop = async () => {
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(impatience);
  };
  return { name, ended, isRunning: () => running, lastLines: () => lines, stop };
}
