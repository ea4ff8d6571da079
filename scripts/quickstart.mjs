import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { help, readOptions } from './quickstart/options.mjs';
import { sumOf, tellingLines } from './quickstart/telling-lines.mjs';
import { startApp } from './servers/app-process.mjs';
import { startEmbeddedPostgres } from './servers/embedded-postgres.mjs';
import { freePort } from './servers/free-port.mjs';
import { build } from './setup/build.mjs';
import { requireNode } from './setup/node-version.mjs';
import { ensurePackages } from './setup/packages.mjs';

/** @typedef {import('./servers/app-process.mjs').App} App */

const root = fileURLToPath(new URL('..', import.meta.url));
const historyRows = 5_000;
const stop = new AbortController();

/** What has been started, to be ended in the opposite order. @type {(() => Promise<void>)[]} */
const endings = [];

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/** @param {string} name @param {readonly string[]} argv @param {Record<string, string>} [env] */
function start(name, argv, env = {}) {
  const app = startApp({ name, entry: join(root, 'dist/apps', name, 'main.js'), argv, env });
  endings.push(app.stop);
  return app;
}

/** @param {App} app @param {string} trouble @returns {Error} */
function failure(app, trouble) {
  const lines = app.lastLines().slice(-20);
  return new Error(`the ${app.name} ${trouble}; its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** @param {App} app @param {string} url @param {(response: Response) => Promise<boolean>} isDone @param {number} seconds */
async function poll(app, url, isDone, seconds) {
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    stop.signal.throwIfAborted();
    if (!app.isRunning()) throw failure(app, 'has ended');
    const done = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(isDone, () => false);
    if (done) return true;
    await pause(200, undefined, { signal: stop.signal });
  }
  return false;
}

/** @param {string} databaseUrl */
async function writeHistory(databaseUrl) {
  const rows = ['--history-rows', String(historyRows), '--history-days', '30', '--rows', '0'];
  const app = start('simulator', ['--database-url', databaseUrl, '--create', '--seed', '1', ...rows]);
  const { code } = await app.ended;
  stop.signal.throwIfAborted();
  if (code !== 0) throw failure(app, `could not write history (exit code ${code})`);
}

/** @param {number | undefined} wish */
async function choosePort(wish) {
  const port = await freePort(wish ?? 9090);
  if (wish !== undefined && port !== wish) throw new Error(`--port ${wish}: something listens there already`);
  return port;
}

/** @param {import('./quickstart/options.mjs').Options} options */
async function bringUp(options) {
  requireNode();
  const port = await choosePort(options.port);
  ensurePackages(root, say);
  say('building exporter and simulator');
  build(root, ['exporter', 'simulator']);
  stop.signal.throwIfAborted();
  say('starting PostgreSQL (embedded, in a temporary directory)');
  const postgres = await startEmbeddedPostgres('litellm');
  endings.push(postgres.stop);
  say(`creating LiteLLM's tables and ${historyRows} rows of history`);
  await writeHistory(postgres.url);
  say(`starting the exporter, and a simulated LiteLLM with ${options.rate} requests a second`);
  const env = { DATABASE_URL: postgres.url, METRICS_HOST: '127.0.0.1', METRICS_PORT: String(port) };
  const exporter = start('exporter', [], env);
  const origin = `http://127.0.0.1:${port}`;
  const ready = await poll(exporter, `${origin}/readyz`, async (response) => response.ok, 60);
  if (!ready) throw failure(exporter, 'was not ready within 60 s');
  const traffic = ['--rate', String(options.rate), '--batch', '1-10'];
  const simulator = start('simulator', ['--database-url', postgres.url, '--seed', '1', ...traffic]);
  return { exporter, simulator, origin };
}

/** @param {App} exporter @param {string} origin */
async function show(exporter, origin) {
  let exposition = '';
  const hasCounted = async (/** @type {Response} */ response) => {
    exposition = await response.text();
    return response.ok && sumOf(exposition, 'litellm_requests_processed_total') > 0;
  };
  const counted = await poll(exporter, `${origin}/metrics`, hasCounted, 20);
  if (!counted) throw failure(exporter, 'shows no request of the simulator after 20 s');
  say(`\n${origin}/metrics\n${tellingLines(exposition).join('\n')}\n`);
}

async function tearDown() {
  let clean = true;
  for (const end of endings.splice(0).reverse()) {
    await end().catch((error) => {
      clean = false;
      process.stderr.write(`quickstart: ${error.message}\n`);
    });
  }
  if (clean && stop.signal.aborted) say('stopped, everything removed');
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return say(help);
  const { exporter, simulator, origin } = await bringUp(options);
  await show(exporter, origin);
  if (options.once) return;
  say(`status page: ${origin}/`);
  say(`It goes on until Ctrl-C. Try:  curl -s ${origin}/metrics | grep litellm_team_spend`);
  const aborted = new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
  await Promise.race([aborted, exporter.ended, simulator.ended]);
  for (const app of [exporter, simulator]) {
    if (!stop.signal.aborted && !app.isRunning()) throw failure(app, 'has ended');
  }
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => stop.abort());
process.stdout.on('error', () => stop.abort());
try {
  await main();
} catch (error) {
  process.exitCode = stop.signal.aborted ? 130 : 1;
  if (!stop.signal.aborted) process.stderr.write(`quickstart: ${error instanceof Error ? error.message : error}\n`);
} finally {
  await tearDown();
}
