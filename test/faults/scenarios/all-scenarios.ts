import type { Form, Scenario } from '../scenario.js';
import { exporterFaults } from './exporter-faults.js';
import { fastStopFaults } from './fast-stop-faults.js';
import { linkFaults } from './link-faults.js';
import { pluginFaults } from './plugin-faults.js';
import { postgresFaults } from './postgres-faults.js';
import { redisFaults } from './redis-faults.js';
import { redisStateFaults } from './redis-state-faults.js';
import { replicaFaults } from './replica-faults.js';
import { restoreFaults } from './restore-faults.js';
import { rowFaults } from './row-faults.js';
import { scrapeFaults } from './scrape-faults.js';
import { tableFaults } from './table-faults.js';
import { transactionFaults } from './transaction-faults.js';

/** Every scenario, in the order of the table. */
export const allScenarios: readonly Scenario[] = [
  ...exporterFaults,
  ...replicaFaults,
  ...scrapeFaults,
  ...postgresFaults,
  ...restoreFaults,
  ...fastStopFaults,
  ...pluginFaults,
  ...transactionFaults,
  ...rowFaults,
  ...tableFaults,
  ...redisFaults,
  ...redisStateFaults,
  ...linkFaults,
];

/** Which scenarios are wanted: by the beginning of their names where names are given, whatever their form. */
export interface Choice {
  readonly names: readonly string[];
  readonly forms: readonly Form[];
}

/** The scenarios that are wanted. @throws Error for a name that is none's */
export function scenariosOf({ names, forms }: Choice): readonly Scenario[] {
  const unknown = names.filter((name) => !allScenarios.some((scenario) => scenario.name.startsWith(name)));
  if (unknown.length > 0) throw new Error(`no scenario begins with ${unknown.join(', ')}; see --list`);
  if (names.length > 0) return allScenarios.filter(({ name }) => names.some((wanted) => name.startsWith(wanted)));
  return allScenarios.filter(({ form }) => forms.includes(form));
}
