/** The import table of the architecture: each room's only door is src/index.ts, and a room imports only these rooms. */
const rooms = {
  change: [],
  config: [],
  litellm: ['change'],
  decode: ['change'],
  postgres: ['change', 'decode', 'config', 'litellm'],
  aggregates: ['change', 'litellm'],
  pipeline: ['change', 'litellm', 'aggregates'],
  store: ['change', 'aggregates', 'config'],
  metrics: ['change', 'aggregates', 'litellm'],
};

/** Packages that only the named rooms may use. */
const packages = {
  zod: ['libs/config'],
  yaml: ['libs/config', 'test'],
  bcryptjs: ['apps/exporter', 'test'],
  pg: ['libs/postgres', 'apps/simulator', 'test'],
  'pg-logical-replication': ['libs/postgres', 'libs/decode', 'test/bench'],
  'pg-copy-streams': ['libs/postgres', 'test'],
  rxjs: ['libs/pipeline'],
  ioredis: ['libs/store', 'test'],
  'prom-client': ['libs/metrics', 'test/bench'],
  '@nestjs': ['apps', 'test/support', 'libs/(postgres|pipeline|store|metrics)/src/[^/]+\\.module\\.ts'],
};

const onlyRooms = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `libs/${room} may import only: ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^libs/${room}/` },
  to: { path: '^(libs|apps)/', pathNot: `^libs/(${[room, ...allowed].join('|')})/` },
}));

const onlyThrough = Object.keys(rooms).map((room) => ({
  name: `door-${room}`,
  comment: `libs/${room} is entered through src/index.ts`,
  severity: 'error',
  from: { path: '^(libs|apps|test)/', pathNot: `^libs/${room}/` },
  to: { path: `^libs/${room}/`, pathNot: `^libs/${room}/src/index\\.ts$` },
}));

const onlyPackages = Object.entries(packages).map(([name, users]) => ({
  name: `package-${name}`,
  comment: `${name} is used by ${users.join(', ')} alone`,
  severity: 'error',
  from: { path: '^(libs|apps|test)/', pathNot: [...users.map((user) => `^${user}`), '\\.(e2e-)?spec\\.ts$'] },
  to: { path: `(^|/)node_modules/${name}/` },
}));

module.exports = {
  forbidden: [
    ...onlyRooms,
    ...onlyThrough,
    ...onlyPackages,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/' },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
