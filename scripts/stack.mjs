import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `usage: npm start | npm stop | npm run clean

  start  builds the stack of docker-compose.yml and starts it in the background
  stop   stops it; its data stay
  clean  removes the stack with its data and images, and what builds and tests leave in the checkout (not node_modules)`;

/** What builds, tests and a release leave, relative to the checkout. */
const leftovers = ['dist', 'coverage', '.tmp', 'release-ci.log'];

/** @type {Readonly<Record<string, readonly string[]>>} */
const compose = {
  start: ['up', '--build', '--detach'],
  stop: ['down'],
  clean: ['down', '--volumes', '--remove-orphans', '--rmi', 'local'],
};

const { GRAFANA_PORT = 3000, PROMETHEUS_PORT = 9091, EXPORTER_PORT = 9090 } = process.env;
const addresses = `Grafana     http://localhost:${GRAFANA_PORT} (dashboard LiteLLM / Overview)
Prometheus  http://localhost:${PROMETHEUS_PORT}
metrics     http://localhost:${EXPORTER_PORT}/metrics, once the first seed is whole
npm stop ends it.`;

function hasCompose() {
  return spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0;
}

/** @param {readonly string[]} argv */
function run(argv) {
  const { status } = spawnSync('docker', ['compose', ...argv], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

const [action = ''] = process.argv.slice(2);
const argv = compose[action];
if (argv === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  if (action === 'clean') for (const path of leftovers) rmSync(join(root, path), { recursive: true, force: true });
  if (hasCompose()) {
    run(argv);
    if (action === 'start' && process.exitCode === 0) {
      console.log(addresses);
    }
  } else if (action === 'clean') {
    console.log('docker compose is not installed, so there is no stack to remove');
  } else {
    console.error(
      'docker compose is not installed: install Docker with its Compose plugin, or take npm run quickstart, which needs neither',
    );
    process.exitCode = 1;
  }
}
