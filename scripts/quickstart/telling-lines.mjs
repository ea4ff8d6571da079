/**
 * What a first look should show: family, how many of its series, those with which labels, and up to which value. The largest come first.
 * @type {readonly { title: string, picks: readonly { name: string, count: number, labels?: RegExp, most?: number }[] }[]}
 */
const sections = [
  {
    title: 'Spend of the last 30 days',
    picks: [
      { name: 'litellm_total_spend', count: 3 },
      { name: 'litellm_team_spend', count: 1 },
    ],
  },
  {
    title: 'Budgets',
    picks: [
      { name: 'litellm_max_budget', count: 1 },
      { name: 'litellm_budget_utilization', count: 2, most: 150 },
    ],
  },
  {
    title: 'Requests of the last 24 hours',
    picks: [
      { name: 'litellm_requests_total', count: 1, labels: /status="success"/ },
      { name: 'litellm_requests_total', count: 1, labels: /status="failure"/ },
    ],
  },
  {
    title: 'Counters for rate() and increase()',
    picks: [
      { name: 'litellm_spend_usd_total', count: 1 },
      { name: 'litellm_requests_processed_total', count: 1 },
      { name: 'litellm_request_duration_seconds_count', count: 1 },
    ],
  },
  {
    title: 'How the exporter follows',
    picks: [
      { name: 'litellm_exporter_replication_lag_seconds', count: 1 },
      { name: 'litellm_exporter_replication_lag_bytes', count: 1 },
      { name: 'litellm_exporter_transactions_total', count: 1 },
    ],
  },
];

/**
 * A dozen telling lines out of a scrape, in sections. Families that are absent are left out.
 * @param {string} exposition
 * @returns {string[]}
 */
export function tellingLines(exposition) {
  const samples = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return sections.flatMap(({ title, picks }) => {
    const lines = picks.flatMap(({ name, count, labels = /^/, most = Infinity }) => {
      const found = samples.filter((line) => nameOf(line) === name && labels.test(line) && valueIn(line) <= most);
      return found.sort((a, b) => valueIn(b) - valueIn(a)).slice(0, count);
    });
    return lines.length === 0 ? [] : ['', `  ${title}`, ...lines.map((line) => `    ${line}`)];
  });
}

/**
 * The sum over a family's samples of that name; 0 without any.
 * @param {string} exposition
 * @param {string} name
 */
export function sumOf(exposition, name) {
  const samples = exposition.split('\n').filter((line) => nameOf(line) === name);
  return samples.reduce((sum, line) => sum + valueIn(line), 0);
}

/** @param {string} line */
function nameOf(line) {
  return /^[^{ ]*/.exec(line)?.[0];
}

/** @param {string} line */
function valueIn(line) {
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}
