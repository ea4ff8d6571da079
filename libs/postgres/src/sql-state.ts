import { ExporterFailure, type FailureFacts, type FailureKind, type Plugin } from '@app/change';

/** Where an error met us; the same SQLSTATE means different things at different commands. */
export interface SqlContext {
  /** What was being done, for the message: `streaming from slot "x"`. */
  readonly doing: string;
  readonly plugin: Plugin;
  /** True once the server has begun to stream: what is missing then is not the slot. */
  readonly streaming: boolean;
}

/** The parts of an error of the server that say what it is. */
interface ServerError {
  readonly state: string;
  /** Message, detail and hint: the server may speak another language, so only names are looked for in it. */
  readonly text: string;
}

/** One line of the table: the first line that fits decides. */
interface Rule {
  readonly states: readonly string[];
  readonly when?: (error: ServerError, context: SqlContext) => boolean;
  readonly kind: FailureKind;
  readonly remedy?: string;
  readonly section?: string;
}

const namesPluginSetting = (error: ServerError, context: SqlContext): boolean =>
  error.text.includes('output plugin') ||
  error.text.includes('output_plugin_libraries') ||
  error.text.includes(`"${context.plugin}"`);

const says = (pattern: RegExp) => (error: ServerError) => pattern.test(error.text);

/**
 * The one table from SQLSTATE (PostgreSQL manual, appendix A) to the kinds that policies decide on. Texts are looked at
 * only where the server uses one state for several causes; a text in another language then falls to the next line, and
 * the facts of the slot, which are read before every start, tell the rest.
 */
const RULES: readonly Rule[] = [
  {
    states: ['42501'],
    when: namesPluginSetting,
    kind: 'plugin-refused',
    remedy:
      "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'; SELECT pg_reload_conf(); (the minor releases of August 2026 refuse other plugins) or set REPLICATION_PLUGIN=pgoutput",
    section: '#plugin',
  },
  {
    states: ['42501'],
    kind: 'privilege-missing',
    remedy: 'grant the role REPLICATION, and SELECT on the tables that are read',
    section: '#role',
  },
  {
    states: ['58P01'],
    when: namesPluginSetting,
    kind: 'plugin-refused',
    remedy:
      'install wal2json on the server (Debian: postgresql-<version>-wal2json), or set REPLICATION_PLUGIN=pgoutput',
    section: '#plugin',
  },
  {
    states: ['58P01', '55000', 'XX000'],
    when: says(
      /can no longer (get changes from|access) replication slot|cannot read from logical replication slot|WAL segment .* has already been removed|invalidated/i,
    ),
    kind: 'slot-lost',
    remedy: 'a new seed makes a new slot; raise max_slot_wal_keep_size so that it does not happen again',
    section: '#slots',
  },
  {
    states: ['55000'],
    when: says(/was not created in this database|physical replication slot/i),
    kind: 'slot-foreign',
    remedy: 'the slot belongs to something else: set REPLICATION_SLOT to a name of its own',
    section: '#slots',
  },
  {
    states: ['55000'],
    when: says(/wal_level/),
    kind: 'wal-level',
    remedy: "ALTER SYSTEM SET wal_level = 'logical'; then restart PostgreSQL",
    section: '#wal_level',
  },
  { states: ['55000', '25006', '0A000'], when: says(/recovery|standby|read.?only/i), kind: 'server-in-recovery' },
  {
    states: ['55006'],
    kind: 'slot-active',
    remedy: 'another process uses the slot: stop it, or wait until PostgreSQL has noticed that it is gone',
    section: '#slots',
  },
  { states: ['42704'], when: (_, context) => !context.streaming, kind: 'slot-missing', section: '#slots' },
  {
    // Changes are decoded with the catalogue of their time: at the slot's position the publication did not exist, and never will.
    states: ['42704'],
    kind: 'slot-lost',
    remedy:
      'none needed: a new seed is taken; where the publication is still missing, the next attempt prints the statement',
    section: '#publication',
  },
  {
    states: ['53400'],
    kind: 'slots-exhausted',
    remedy: 'ALTER SYSTEM SET max_replication_slots = 20; and restart PostgreSQL, or drop slots that nobody uses',
    section: '#slots',
  },
  {
    states: ['53300'],
    kind: 'slots-exhausted',
    remedy: 'ALTER SYSTEM SET max_wal_senders = 20; (and max_connections where it is the limit) and restart PostgreSQL',
    section: '#slots',
  },
  { states: ['57P01', '57P02'], kind: 'server-shutting-down', remedy: 'none needed: the exporter connects again' },
  { states: ['57P03'], kind: 'server-in-recovery', remedy: 'none needed: the exporter waits' },
  {
    states: ['28000', '28P01'],
    kind: 'authentication-failed',
    remedy: 'check LITELLM_DB_USER and LITELLM_DB_PASSWORD (or DATABASE_URL), and pg_hba.conf',
    section: '#role',
  },
  { states: ['42P01', '3F000'], kind: 'table-missing', remedy: 'check LITELLM_DB_SCHEMA' },
  { states: ['42703'], kind: 'column-missing' },
  { states: ['22023'], kind: 'server-unsupported', remedy: 'update the plugin: wal2json 2.0 or later is needed' },
  { states: ['0A000'], kind: 'server-unsupported', remedy: 'PostgreSQL 14 or later is needed' },
];

/**
 * An error of an open session as a failure of a known kind; `stream-broken` where the table knows nothing better.
 * The original error is its cause.
 */
export function failureFromSql(error: unknown, context: SqlContext): ExporterFailure {
  if (error instanceof ExporterFailure) return error;
  const facts = serverError(error);
  const rule = RULES.find((line) => line.states.includes(facts.state) && (line.when?.(facts, context) ?? true));
  const message = `${context.doing} failed: ${error instanceof Error ? error.message : String(error)}`;
  return new ExporterFailure(describe(message, error, rule));
}

function describe(message: string, cause: unknown, rule: Rule | undefined): FailureFacts {
  return { kind: rule?.kind ?? 'stream-broken', message, remedy: rule?.remedy, section: rule?.section, cause };
}

function serverError(error: unknown): ServerError {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const texts = [fields.message, fields.detail, fields.hint];
  return {
    state: typeof fields.code === 'string' ? fields.code : '',
    text: texts.filter((text) => typeof text === 'string').join('\n'),
  };
}
