/**
 * What package-lock.json says of one package.
 * @typedef {{ version?: string, optional?: boolean, dev?: boolean, cpu?: string[], os?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} LockEntry
 * @typedef {Record<string, LockEntry>} LockEntries
 */

/** Words in the names of packages for one platform, and what npm calls it. */
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'windows', 'wasm32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * Adds what a lock file doesn't name: optional packages of other platforms that the registry it was made with doesn't carry. Without
 * their names `npm ci` refuses the file, everywhere.
 * @param {LockEntries} entries
 * @returns {LockEntries} a copy in npm's order, with an entry for each of them
 */
export function completeLock(entries) {
  const added = missingPackages(entries).map(({ name, version, dev }) => {
    const entry = { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true };
    return /** @type {const} */ ([`node_modules/${name}`, entry]);
  });
  const all = [...Object.entries(entries), ...added];
  return Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en')));
}

/**
 * Optional dependencies that no entry answers to.
 * @param {LockEntries} entries
 */
export function missingPackages(entries) {
  return Object.entries(entries).flatMap(([path, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isFound(entries, path, name))
      .map(([name, version]) => ({ name, version, dev })),
  );
}

/**
 * Looks a package up as Node does: in the folder of the one that needs it, then upwards.
 * @param {LockEntries} entries
 * @param {string} path
 * @param {string} name
 */
function isFound(entries, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (entries[`${folder}${folder === '' ? '' : '/'}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

/** @param {string} name @returns {Pick<LockEntry, 'cpu' | 'os' | 'libc'>} */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === 'wasm32') return { cpu: ['wasm32'] };
  if (os === undefined || cpu === undefined)
    throw new Error(`${name} names no platform: add it to package-lock.json by hand`);
  const last = words.at(-1) ?? '';
  const libc =
    os === 'linux' && last.startsWith('musl') ? 'musl' : os === 'linux' && last.startsWith('gnu') ? 'glibc' : undefined;
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os === 'windows' ? 'win32' : os] };
}
