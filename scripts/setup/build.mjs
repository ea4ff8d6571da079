import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const apps = ['exporter', 'simulator', 'cli'];

/**
 * The applications whose source is there.
 * @param {string} root
 */
export function buildableApps(root) {
  return apps.filter((app) => existsSync(join(root, 'apps', app, 'src/main.ts')));
}

/**
 * Builds applications into dist/apps/<app>/main.js, without a type check.
 * @param {string} root
 * @param {readonly string[]} names
 * @throws Error with the builder's own words
 */
export function build(root, names) {
  const argv = [join(root, 'node_modules/@nestjs/cli/bin/nest.js'), 'build', ...names];
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  const nest = spawnSync(process.execPath, argv, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const missing = names.filter((name) => !existsSync(join(root, 'dist/apps', name, 'main.js')));
  if (nest.status === 0 && missing.length === 0) return;
  throw new Error(
    `building ${names.join(', ')} failed: ${nest.error?.message ?? ''}\n${nest.stdout ?? ''}${nest.stderr ?? ''}`,
  );
}
