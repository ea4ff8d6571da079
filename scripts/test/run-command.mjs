import { spawn } from 'node:child_process';

/**
 * Runs a program of ours with its output on the terminal.
 * @param {{ root: string, argv: readonly string[], minutes: number, env?: Record<string, string> }} command `argv` is what follows `node`
 * @returns {Promise<{ ok: boolean, reason: string }>}
 */
export function runNode({ root, argv, minutes, env = {} }) {
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  // A group of its own, so that a stage that hangs ends with all it started.
  const endGroup = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended already.
    }
  };
  const interrupt = () => endGroup('SIGTERM');
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let tooLong = false;
  const limit = setTimeout(() => {
    tooLong = true;
    endGroup('SIGKILL');
  }, minutes * 60_000);
  return new Promise((resolve) => {
    /** @param {string} reason */
    const finish = (reason) => {
      clearTimeout(limit);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      resolve({ ok: reason === '', reason });
    };
    child.once('error', (error) => finish(error.message));
    child.once('close', (code, signal) => {
      if (tooLong) finish(`not done after ${minutes} minutes`);
      else finish(code === 0 ? '' : `ended with ${signal ?? `code ${code}`}`);
    });
  });
}
