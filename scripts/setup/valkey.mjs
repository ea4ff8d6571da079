import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const packages = ['valkey-tools', 'valkey-server'];
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** The first versions of Redis and Valkey that know WAITAOF. */
const firstRedis = 7.2;

/**
 * The program of a server that knows WAITAOF (Redis 7.2, Valkey): what `TEST_VALKEY_BIN` names, one on the PATH, or the
 * one that {@link installValkey} has unpacked. Undefined where there is none.
 * @returns {string | undefined}
 */
export function valkeyProgram() {
  const given = process.env.TEST_VALKEY_BIN ?? '';
  if (given !== '') return given;
  const redis = programOnPath('redis-server');
  const found = [programOnPath('valkey-server'), unpackedProgram()].find((path) => path !== undefined);
  return found ?? (redis !== undefined && versionOf(redis) >= firstRedis ? redis : undefined);
}

/**
 * Unpacks Debian's valkey-server outside of the repository: it is not installed, so that no service of its own starts.
 * Where the release has none it is taken from its backports, with lists of packages of their own. Its libraries are those
 * of redis-server.
 * @param {(line: string) => void} say
 */
export function installValkey(say) {
  mkdirSync(cacheDirectory(), { recursive: true });
  const directory = mkdtempSync(join(cacheDirectory(), '.new-'));
  try {
    const failure = download(directory, []) ?? unpack(directory);
    const second = failure === undefined ? undefined : (downloadBackport(directory) ?? unpack(directory));
    if (second !== undefined) say(`valkey-server could not be had: ${failure}; from backports: ${second}`);
    else if (unpackedProgram() === undefined) renameSync(directory, unpackedDirectory());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} directory */
function downloadBackport(directory) {
  const release = releaseOfMachine();
  if (release === undefined) return 'the sources of packages name no Debian release';
  const apt = join(directory, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, part), { recursive: true });
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  writeFileSync(join(apt, 'sources.list'), `deb ${signed}${release.uri} ${release.name}-backports main\n`);
  const options = [
    `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
  ].flatMap((option) => ['-o', option]);
  const failure = run('apt-get', [...options, '-q', 'update'], directory) ?? download(directory, options);
  rmSync(apt, { recursive: true, force: true });
  return failure;
}

/** @param {string} directory @param {readonly string[]} options */
function download(directory, options) {
  return run('apt-get', [...options, '-q', '-o', 'APT::Sandbox::User=root', 'download', ...packages], directory);
}

/** @param {string} directory */
function unpack(directory) {
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
    const failure = run('dpkg-deb', ['-x', file, '.'], directory);
    if (failure !== undefined) return failure;
    rmSync(join(directory, file));
  }
  // What can't be started lacks a library, or was made for another release.
  return versionOf(join(directory, 'usr/bin/valkey-server')) > 0 ? undefined : 'the server does not start';
}

/** Where this machine takes Debian's packages from, and of which release. */
function releaseOfMachine() {
  const format = '$(REPO_URI) $(CODENAME) $(COMPONENT) $(LABEL)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const [, uri, name] = /^(\S+) ([a-z]+) main Debian$/m.exec(stdout ?? '') ?? [];
  return uri === undefined || name === undefined ? undefined : { uri, name };
}

/** 7.2 for Redis 7.2.5, 0 for a program that can't be started. Valkey's first version is 7.2. @param {string} program */
function versionOf(program) {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return Number(/\bv=(\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}

function cacheDirectory() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'litellm-exporter', 'tools');
}

function unpackedDirectory() {
  return join(cacheDirectory(), 'valkey');
}

function unpackedProgram() {
  const path = join(unpackedDirectory(), 'usr/bin/valkey-server');
  return existsSync(path) ? path : undefined;
}

/** @param {string} program */
function programOnPath(program) {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path));
}

/** @param {string} program @param {readonly string[]} argv @param {string} cwd */
function run(program, argv, cwd) {
  const { status, error, stderr } = spawnSync(program, argv, { cwd, encoding: 'utf8' });
  if (status === 0) return undefined;
  return (error?.message ?? stderr).trim().split('\n').slice(-2).join(' ');
}
