import type { Family } from '../family.js';
import { BUDGET_FAMILIES } from './budgets.js';
import { COUNTER_FAMILIES } from './counters.js';
import { EXPORTER_FAMILIES } from './exporter.js';
import { HISTOGRAM_FAMILIES } from './histograms.js';
import { KEY_FAMILIES } from './keys.js';
import { LIMIT_FAMILIES } from './limits.js';
import { MODEL_FAMILIES } from './models.js';
import { RATE_FAMILIES } from './rates.js';
import { REQUEST_FAMILIES } from './requests.js';
import { SPEND_FAMILIES } from './spend.js';
import { TEAM_FAMILIES } from './teams.js';
import { TOKEN_FAMILIES } from './tokens.js';

/** Groups of families about LiteLLM, by what the reference calls them. */
export const FAMILY_GROUPS: Readonly<Record<string, readonly Family[]>> = {
  Spend: SPEND_FAMILIES,
  Tokens: TOKEN_FAMILIES,
  'Requests, cache and errors': REQUEST_FAMILIES,
  Histograms: HISTOGRAM_FAMILIES,
  'Rates of the last minute': RATE_FAMILIES,
  Limits: LIMIT_FAMILIES,
  Budgets: BUDGET_FAMILIES,
  Keys: KEY_FAMILIES,
  'Teams and blocks': TEAM_FAMILIES,
  Models: MODEL_FAMILIES,
  Counters: COUNTER_FAMILIES,
  'The exporter itself, facts of the state': EXPORTER_FAMILIES,
};

/** Every family that is made from the state, in the order in which they are written. */
export const ALL_FAMILIES: readonly Family[] = Object.values(FAMILY_GROUPS).flat();
