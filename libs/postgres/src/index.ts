export type {
  Hindrance,
  PluginChoice,
  PostgresOptions,
  Reporter,
  ServerLogin,
  ServerOptions,
  SslMode,
} from './options.js';
export { ALLOW_WAL2JSON } from './plugin-probe.js';
export { PostgresModule } from './postgres.module.js';
export type { Preflight } from './preflight.js';
export {
  alterPublicationStatements,
  createPublicationStatement,
  type PublicationPlan,
  planPublications,
  publicationNames,
} from './publication-statements.js';
export { type ReleasePatience, releaseSlot, type SlotRelease } from './release-slot.js';
export { grantStatements, grantStatementsForAll } from './role-statements.js';
export type { TableState, TableStates } from './table-state.js';
export { inspectPostgres, PostgresUpstream } from './upstream.js';
