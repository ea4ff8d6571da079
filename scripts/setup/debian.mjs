import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installValkey, valkeyProgram } from './valkey.mjs';

const postgresRoot = '/usr/lib/postgresql';
const servicePolicy = '/usr/sbin/policy-rc.d';
const clusterSettings = '/etc/postgresql-common/createcluster.conf';

/**
 * A program of the test environment: how to see that it is there, the variable that stands for it, Debian's package, and
 * how that is got where it is not simply installed.
 * @typedef {object} Need
 * @property {string} name
 * @property {() => boolean} isThere
 * @property {string} [variable]
 * @property {string} debian
 * @property {string} elsewhere
 * @property {(say: (line: string) => void) => void} [install]
 */

/** @type {readonly Need[]} */
export const needs = [
  {
    name: 'PostgreSQL with wal2json',
    isThere: () => wal2jsonMajors().length > 0 || isSet('TEST_POSTGRES_BIN'),
    variable: 'TEST_POSTGRES_URL',
    debian: 'postgresql-15-wal2json',
    elsewhere: 'install PostgreSQL with wal2json and set TEST_POSTGRES_BIN to its directory of programs',
  },
  {
    name: 'Redis',
    isThere: () => isProgram('redis-server'),
    variable: 'TEST_REDIS_URL',
    debian: 'redis-server',
    elsewhere: 'install redis-server',
  },
  {
    name: 'Valkey',
    isThere: () => valkeyProgram() !== undefined,
    variable: 'TEST_VALKEY_BIN',
    debian: 'valkey-server',
    elsewhere: 'install Valkey, or Redis 7.2 or later',
    install: installValkey,
  },
  { name: 'promtool', isThere: () => isProgram('promtool'), debian: 'prometheus', elsewhere: 'install Prometheus' },
];

/** @param {Need} need */
export function isMet(need) {
  return need.isThere() || (need.variable !== undefined && isSet(need.variable));
}

/**
 * Installs what is missing from Debian's packages, where we are root on Debian; what can't be had stays missing.
 * @param {(line: string) => void} say
 */
export function installMissing(say) {
  const missing = needs.filter((need) => !isMet(need));
  if (missing.length === 0 || process.getuid?.() !== 0 || !isProgram('apt-get')) return;
  say(`installing ${missing.map((need) => need.name).join(', ')} with apt-get`);
  const ownPolicy = !existsSync(servicePolicy);
  // Neither a cluster of Debian's own nor a Redis on its usual port shall run because of us.
  if (ownPolicy) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const updated = aptGet(['update'], say);
    for (const need of missing) {
      if (need.name.startsWith('PostgreSQL') && !forbidClusters(say)) continue;
      if (!updated) continue;
      if (need.install !== undefined) need.install(say);
      else aptGet(['install', '-y', '--no-install-recommends', packageOf(need)], say);
    }
  } finally {
    if (ownPolicy) rmSync(servicePolicy, { force: true });
  }
}

/** How a person gets what is missing. @param {Need} need */
export function remedyOf(need) {
  const url = need.variable === undefined ? '' : `, or set ${need.variable}`;
  return existsSync('/etc/debian_version') ? `apt-get install ${need.debian}${url}` : `${need.elsewhere}${url}`;
}

/** Debian makes and starts a cluster with each server package unless this file says otherwise beforehand. @param {(line: string) => void} say */
function forbidClusters(say) {
  if (!aptGet(['install', '-y', '--no-install-recommends', 'postgresql-common'], say)) return false;
  if (!existsSync(clusterSettings)) return true;
  const text = readFileSync(clusterSettings, 'utf8');
  writeFileSync(clusterSettings, text.replace(/^#?\s*create_main_cluster\b.*$/m, 'create_main_cluster = false'));
  return true;
}

/** The wal2json of 15, else of the newest major that this Debian has. @param {Need} need */
function packageOf(need) {
  if (!need.debian.endsWith('-wal2json')) return need.debian;
  const { stdout = '' } = spawnSync('apt-cache', ['search', '--names-only', '^postgresql-[0-9]+-wal2json$'], {
    encoding: 'utf8',
  });
  const names = [...stdout.matchAll(/^postgresql-(\d+)-wal2json/gm)].sort((a, b) => Number(b[1]) - Number(a[1]));
  return names.find((name) => name[0] === need.debian)?.[0] ?? names[0]?.[0] ?? need.debian;
}

/** @param {readonly string[]} argv @param {(line: string) => void} say */
function aptGet(argv, say) {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Options::=--force-confold'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = spawnSync('apt-get', [...options, ...argv], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (apt.status !== 0) say(`apt-get ${argv.join(' ')} failed:\n${apt.stderr ?? ''}`);
  return apt.status === 0;
}

function wal2jsonMajors() {
  const majors = existsSync(postgresRoot) ? readdirSync(postgresRoot) : [];
  return majors.filter((major) => existsSync(join(postgresRoot, major, 'lib/wal2json.so')));
}

/** @param {string} variable */
function isSet(variable) {
  return (process.env[variable] ?? '') !== '';
}

/** @param {string} program */
function isProgram(program) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));
}
