import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { guard } from '../../scripts/servers/guardian.mjs';
import { mayRun, type ServerAccount } from '../../scripts/servers/server-account.mjs';
import { awaitUntil } from '../support/await-until.js';
import { copyCheckout } from '../support/checkout-copy.js';

const isRoot = process.getuid?.() === 0;
const nobody: ServerAccount = { uid: 65_534, gid: 65_534 };
const patience = 180_000;

interface Running {
  readonly child: ChildProcess;
  output(): string;
  readonly ended: Promise<number | null>;
}

interface Start {
  readonly directory: string;
  readonly argv: readonly string[];
  readonly env?: Record<string, string>;
  readonly account?: ServerAccount;
}

function quickstart({ directory, argv, env = {}, account = {} }: Start): Running {
  const child = spawn(process.execPath, ['scripts/quickstart.mjs', ...argv], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  });
  const guardian = guard('TERM');
  guardian.watch(child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = once(child, 'close').then(async ([code]) => {
    guardian.watch(undefined);
    await guardian.dismiss();
    return code as number | null;
  });
  return { child, output: () => output, ended };
}

const telling = [
  /litellm_total_spend\{/,
  /litellm_budget_utilization\{/,
  /litellm_requests_total\{/,
  /litellm_requests_processed_total\{/,
];

describe('npm run quickstart', () => {
  it(
    'shows metrics out of a checkout in a closed home, and leaves nothing behind',
    async () => {
      using copy = copyCheckout({});
      const before = copy.files();
      const port = String(await freePort());
      const env = { HOME: copy.home, TMPDIR: copy.temporary };
      const run = quickstart({ directory: copy.directory, argv: ['--once', '--port', port, '--rate', '20'], env });
      const code = await run.ended;
      expect({ code, output: code === 0 ? '' : run.output() }).toEqual({ code: 0, output: '' });
      expect(run.output()).toContain(`http://127.0.0.1:${port}/metrics`);
      for (const line of [...telling, /litellm_exporter_replication_lag_/]) expect(run.output()).toMatch(line);
      expect(copy.files()).toEqual(before);
      expect(copy.processes()).toEqual([]);
    },
    patience,
  );

  (isRoot && mayRun(nobody, process.execPath) ? it : it.skip)(
    'runs for a plain user until Ctrl-C, and leaves nothing behind',
    async () => {
      using copy = copyCheckout(nobody);
      const before = copy.files();
      const env = { HOME: copy.home, TMPDIR: copy.temporary };
      const argv = ['--port', String(await freePort()), '--rate', '20'];
      const run = quickstart({ directory: copy.directory, argv, env, account: nobody });
      const endedOrWaits = () => run.child.exitCode !== null || run.output().includes('until Ctrl-C');
      await awaitUntil(endedOrWaits, { timeout: patience, what: 'the first look' });
      run.child.kill('SIGINT');
      const code = await run.ended;
      expect({ code, output: code === 0 ? '' : run.output() }).toEqual({ code: 0, output: '' });
      expect(run.output()).toMatch(/status page: http:\/\/127\.0\.0\.1:\d+\/\n/);
      expect(run.output()).toMatch(/stopped, everything removed\n$/);
      for (const line of telling) expect(run.output()).toMatch(line);
      expect(copy.files()).toEqual(before);
      expect(copy.processes()).toEqual([]);
    },
    patience,
  );

  it('says which port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const run = quickstart({ directory: process.cwd(), argv: ['--port', String(port)] });
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain(`--port ${port}: something listens there already`);
    server.close();
  });

  it.each([['--port', '70000'], ['--rate', '0'], ['--fast']])('refuses %s %s', async (...argv) => {
    const run = quickstart({ directory: process.cwd(), argv: argv.filter((text) => text !== undefined) });
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain(argv[0]);
  });
});
