import { ALL_FAMILIES, FAMILY_GROUPS } from './families/all-families.js';
import type { Family } from './family.js';
import type { ProcessMetric } from './self-metrics.js';

/** How LiteLLM calls the tables that a family may need. */
const TABLE_NAMES: Readonly<Record<string, string>> = { organization: 'LiteLLM_OrganizationTable' };

const INTRODUCTION = `# Metrics

This file is written from the families as they are declared (\`npm run docs:metrics\`); a spec fails when the two differ.

- **kept**: name, labels and meaning are those of the polling exporter of the same name, and stay.
- A **gauge over a window** is corrected as rows leave the window: it falls, so \`rate()\` and \`increase()\` are wrong on
  it. That includes the four kept gauges whose names end in \`_total\`. Use the **counters** for those functions.
- \`METRICS_DISABLED\` switches off any family by name or pattern. \`litellm_exporter_*\`, \`process_*\` and \`nodejs_*\` are
  matched only by patterns that begin like them.
- \`METRICS_MAX_SERIES_PER_METRIC\` caps every family. *fold*: the smallest series become one whose label values are
  \`other\` (the labels named behind it stay real), so that sums stay right. *drop*: what comes too late is left out.
  *state*: new label sets fold into \`other\`, for the life of the state.
- Families need LiteLLM_SpendLogs, LiteLLM_VerificationToken, LiteLLM_TeamTable and LiteLLM_UserTable, which must exist,
  and are absent where a further table named here is missing. Series by budget, end user, team member, project, tag or
  database model are missing where their table is.
`;

/** Names promtool has to complain about, because they are kept. */
export const MISNAMED_KEPT = [
  'litellm_requests_total',
  'litellm_errors_total',
  'litellm_cache_hits_total',
  'litellm_cache_misses_total',
  'litellm_member_count',
  'litellm_admin_count',
] as const;

/** The reference of all metrics, in Markdown. `process` are the exporter's own metrics of the process. */
export function metricsReference(process: readonly ProcessMetric[]): string {
  const groups = Object.entries(FAMILY_GROUPS).map(([title, families]) => groupText(title, families));
  return [INTRODUCTION, ...groups, processText(process), closing()].join('\n');
}

function groupText(title: string, families: readonly Family[]): string {
  return `## ${title}\n\n${families.map(familyText).join('\n')}`;
}

function familyText(family: Family): string {
  const facts = [
    `${family.type}${family.kept ? ', kept' : ''}`,
    `labels: ${listed(family.labels)}`,
    `cap: ${capText(family)}`,
  ];
  if (family.settings.length > 0) facts.push(`settings: ${listed(family.settings)}`);
  if (family.needs.length > 0) facts.push(`needs: ${listed(family.needs.map((table) => TABLE_NAMES[table] ?? table))}`);
  return `### ${family.name}\n\n${family.help}\n\n${facts.map((fact) => `- ${fact}`).join('\n')}\n`;
}

function capText(family: Family): string {
  if (family.type !== 'gauge') return 'state';
  if (family.additive === 'drop' || family.realLabels.length === 0) return family.additive;
  return `fold, ${listed(family.realLabels)} real`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
}

function processText(metrics: readonly ProcessMetric[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => `| ${name} | ${type} | ${listed(labels)} | ${help} |`);
  return `## The exporter itself, facts of the process

Each replica has its own. With \`TELEMETRY_PORT\` they stand there, else beside the others. The \`process_*\` and \`nodejs_*\`
metrics of prom-client come with them, but for its gauges whose names end in \`_total\`. What \`litellm_exporter_slot_*\` say of
the slot each replica reads for itself every \`METRICS_UPDATE_INTERVAL\`, whether a stream is open or not; these gauges stand
beside the families of the state as well, also while the state can't be read. Then, and before the first seed is whole,
\`litellm_exporter_up\`, \`litellm_exporter_ready\` and \`litellm_exporter_build_info\` stand there too.

| metric | type | labels | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

function closing(): string {
  return `## What \`promtool check metrics\` says

Names that are kept break its rules; it finds nothing else:

${MISNAMED_KEPT.map((name) => `- \`${name}\``).join('\n')}

${ALL_FAMILIES.filter(({ kept }) => kept).length} of ${ALL_FAMILIES.length} families of the state are kept.
`;
}
