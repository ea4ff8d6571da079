import { spawn } from 'node:child_process';

/**
 * Watches over one server from outside: when this process ends, however it ends (Jest gives specs a copy of `process`, so exit handlers
 * never run, and none runs after SIGKILL), the shell sees its stdin close, kills the server and removes its directory.
 */
const watch = `
while read -r line; do pid="$line"; done
trap '' HUP INT TERM
if [ -n "$pid" ] && [ "$pid" != 0 ]; then
  kill -"$1" "$pid" 2>/dev/null
  n=0; while kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
  kill -KILL "$pid" 2>/dev/null
fi
[ -z "$2" ] || rm -rf "$2"
`;

/**
 * The watch over one server process; see {@link guard}.
 * @typedef {object} Guardian
 * @property {(pid: number | undefined) => void} watch Names the process to kill when we die; `undefined` while none runs.
 * @property {() => Promise<void>} dismiss Ends the watch: kills what is still named and removes the directory, as if we had died.
 */

/**
 * Starts a watch that sends `signal` (KILL five seconds later) to the watched process and removes `directory` when this process ends.
 * @param {'QUIT' | 'TERM' | 'KILL'} signal
 * @param {string} [directory]
 * @returns {Guardian}
 */
export function guard(signal, directory = '') {
  const shell = spawn('/bin/sh', ['-c', watch, 'guardian', signal, directory], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    shell.once('close', () => resolve());
    shell.once('error', () => resolve());
  });
  const input = shell.stdin;
  input.on('error', () => {});
  if ('unref' in input && typeof input.unref === 'function') input.unref();
  return {
    watch: (pid) => void input.write(`${pid ?? 0}\n`),
    dismiss: async () => {
      shell.ref();
      input.end();
      await ended;
    },
  };
}
