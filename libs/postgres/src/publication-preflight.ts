import { ExporterFailure } from '@app/change';
import { relationOf, type TableName } from '@app/litellm';
import type { Connection } from './connection.js';
import { mayCarryOut, readPublications, statementsFor } from './publication.js';
import {
  arrivingColumns,
  comparePublication,
  type PublicationGaps,
  type PublicationState,
} from './publication-check.js';
import { type PublicationPlan, planPublications, publicationNames } from './publication-statements.js';
import type { ServerFacts } from './server-facts.js';
import type { TableFindings, UsableTable, UsableTables } from './table-check.js';
import type { TableState } from './table-state.js';

/** What is wrong with the publications, what we can mend by ourselves, and which tables are left. */
export interface PublicationFindings extends TableFindings {
  readonly plans: readonly PublicationPlan[];
  /** What has to be made or altered before a slot is; our role may. */
  readonly repairs: readonly PublicationGaps[];
}

/** Where the publications belong. */
export interface PublicationPlace {
  readonly schema: string;
  readonly publication: string;
}

/** Reads the publications and checks that they carry what the tables are read for. */
export async function checkPublications(
  control: Connection,
  place: PublicationPlace,
  server: ServerFacts,
  tables: UsableTables,
): Promise<PublicationFindings> {
  const plans = planPublications(place.publication, statesOf(tables), server.version);
  const names = plans.map((plan) => plan.name);
  const found = await readPublications(control, names, place.schema, server.version);
  return judgePublications({ plans, found, place, mayCreate: server.mayCreate, tables });
}

/** What {@link judgePublications} looks at. */
export interface PublicationEvidence {
  readonly plans: readonly PublicationPlan[];
  readonly found: ReadonlyMap<string, PublicationState>;
  readonly place: PublicationPlace;
  readonly mayCreate: boolean;
  readonly tables: UsableTables;
}

/**
 * Decides for each publication: as it should be, ours to mend, somebody else's to mend (a failure that prints the
 * statements), or good enough without what it lacks.
 */
export function judgePublications(evidence: PublicationEvidence): PublicationFindings {
  const { plans, found, place, tables } = evidence;
  const states = statesOf(tables);
  const repairs: PublicationGaps[] = [];
  const failing: PublicationGaps[] = [];
  const warnings: string[] = [];
  let usable = tables;
  for (const plan of plans) {
    const state = found.get(plan.name);
    const gaps = comparePublication(plan, state, states);
    if (gaps.step === 'keep') continue;
    const ownsTables = plan.tables.every(({ table }) => tables.get(table)?.state.owned === true);
    if (mayCarryOut(gaps, state, { create: evidence.mayCreate, ownsTables })) {
      repairs.push(gaps);
    } else if (gaps.essential) {
      failing.push(gaps);
    } else {
      usable = narrow(usable, plan, state);
      warnings.push(
        `${gaps.gaps.join('; ')}: left out until its owner runs ${statementsFor(gaps, place.schema).join(' ')}`,
      );
    }
  }
  const failures = failing.length === 0 ? [] : [failureOf(failing, place.schema)];
  return { failures, warnings, usable, plans, repairs };
}

/**
 * A warning where both publications stand and `auto` has taken wal2json all the same, which doesn't look at them: whoever
 * made them wants pgoutput. Nothing below PostgreSQL 15, where publications have no column lists.
 */
export async function warnUnusedPublications(
  control: Connection,
  place: PublicationPlace,
  { version }: Pick<ServerFacts, 'version'>,
): Promise<readonly string[]> {
  if (version < 150_000) return [];
  const names = Object.values(publicationNames(place.publication));
  const found = await readPublications(control, names, place.schema, version);
  if (!names.every((name) => found.has(name))) return [];
  const quoted = names.map((name) => `"${name}"`).join(' and ');
  return [
    `REPLICATION_PLUGIN=auto has taken wal2json: whole rows travel, prompts included where LiteLLM stores them, and the publications ${quoted} are not used; REPLICATION_PLUGIN=pgoutput uses them, and sends only their columns (an existing slot of wal2json is made anew, with a new seed)`,
  ];
}

function failureOf(failing: readonly PublicationGaps[], schema: string): ExporterFailure {
  const missing = failing.every((gaps) => gaps.step === 'create');
  return new ExporterFailure({
    kind: missing ? 'publication-missing' : 'publication-incomplete',
    message: failing.flatMap((gaps) => gaps.gaps).join('; '),
    remedy: `let the owner of the tables run:\n${failing.flatMap((gaps) => statementsFor(gaps, schema)).join('\n')}`,
    section: '#publication',
  });
}

/** Leaves out what does not reach us: better no series than one that stands still. */
function narrow(tables: UsableTables, plan: PublicationPlan, state: PublicationState | undefined): UsableTables {
  const left = new Map<TableName, UsableTable>(tables);
  for (const { table } of plan.tables) {
    const entry = tables.get(table);
    if (entry === undefined) continue;
    const columns = new Set(arrivingColumns(plan, table, state, [...entry.columns]));
    if (state?.tables.has(relationOf(table)) === false) left.delete(table);
    else left.set(table, { state: entry.state, columns });
  }
  return left;
}

function statesOf(tables: UsableTables): ReadonlyMap<TableName, TableState> {
  return new Map([...tables].map(([table, entry]) => [table, entry.state]));
}
