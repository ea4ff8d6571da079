import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FAMILIES, SelfMetrics } from '@app/metrics';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type Manifest, ROOT } from './chart.js';
import { describeWith, runTool } from './tools.js';

const DIRECTORY = join(ROOT, 'grafana/dashboards');
const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'));
const dashboards = files.map((file) => [file, JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8'))] as const);
const self = new SelfMetrics({ version: '', revision: '' }, true);
const known = new Set([
  ...ALL_FAMILIES.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`, `${name}_count`] : [name])),
  ...self.names().flatMap((name) => [name, `${name}_bucket`]),
]);
/** Labels by metric; those of a process are not listed. */
const labels = new Map(ALL_FAMILIES.map((family) => [family.name as string, family.labels]));
const panelsOf = (dashboard: Manifest): Manifest[] => dashboard.panels.filter(({ type }: Manifest) => type !== 'row');
const queriesOf = (dashboard: Manifest): string[] =>
  panelsOf(dashboard).flatMap(({ targets }: Manifest) => targets.map(({ expr }: Manifest) => expr));

describe.each(dashboards)('dashboard %s', (_, dashboard) => {
  it('is a classic one that Grafana can take as it stands', () => {
    expect(dashboard).toMatchObject({ id: null, editable: false, graphTooltip: 1, timezone: 'browser' });
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(dashboard.uid).toMatch(/^[\w-]{1,40}$/);
    expect(dashboard.tags).toContain('litellm');
    // Resolved by the import dialogue only: provisioned dashboards with them show nothing.
    expect(dashboard.__inputs).toBeUndefined();
  });

  it('chooses its data source and job by variables', () => {
    const [datasource, job, ...more] = dashboard.templating.list;
    expect(datasource).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(job).toMatchObject({ name: 'job', multi: true, includeAll: true, allValue: '.+', refresh: 2 });
    for (const variable of more) expect(variable.query.query).toContain('job=~"$job"');
  });

  it('has panels that say what they show, in a unit, within 24 columns and without overlap', () => {
    const taken = new Set<string>();
    for (const { title, description, type, fieldConfig, gridPos } of panelsOf(dashboard)) {
      expect([title, description]).toEqual([expect.stringMatching(/^[A-Z]/), expect.stringMatching(/\.$/)]);
      expect(['timeseries', 'stat', 'bargauge', 'table']).toContain(type);
      expect(fieldConfig.defaults.unit).toMatch(/\w/);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken).not.toContain(`${x},${y}`);
          taken.add(`${x},${y}`);
        }
      }
    }
    expect(new Set(dashboard.panels.map(({ id }: Manifest) => id)).size).toBe(dashboard.panels.length);
  });

  it.each(queriesOf(dashboard))('asks in %s for metrics and labels that exist', (query) => {
    const selected = [...query.matchAll(/\b([a-z][a-z0-9_]+)\{([^}]*)\}/g)];
    expect(selected.length).toBeGreaterThan(0);
    for (const [, name = '', matchers = ''] of selected) {
      expect(known).toContain(name);
      expect(matchers).toContain('job=~"$job"');
      const family = labels.get(name.replace(/_bucket$/, ''));
      const asked = [...matchers.matchAll(/(\w+)=/g)].map((match) => match[1] ?? '').filter((label) => label !== 'job');
      if (family !== undefined) expect(asked.filter((label) => !family.includes(label))).toEqual([]);
      const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap((match) => (match[1] ?? '').split(', '));
      const own = ['le', 'instance'];
      if (family !== undefined)
        expect(grouped.filter((label) => !family.includes(label) && !own.includes(label))).toEqual([]);
    }
  });

  it.each(queriesOf(dashboard).filter((query) => /litellm_/.test(query) && !/by \(le, instance\)/.test(query)))(
    'aggregates over replicas before anything else in %s',
    (query) => {
      const selected = query.match(/litellm_\w+\{/g) ?? [];
      expect(query.match(/max without \(instance, pod\) \(litellm_\w+\{/g)).toHaveLength(selected.length);
    },
  );

  it.each(queriesOf(dashboard).filter((query) => /\b(rate|increase)\(/.test(query)))(
    'rates a counter in %s',
    (query) => {
      const rated = [...query.matchAll(/(?:rate|increase)\(\(?(?:max without \(instance, pod\) \()?(\w+)/g)];
      expect(rated.length).toBeGreaterThan(0);
      for (const [, name = ''] of rated) {
        const family = ALL_FAMILIES.find((candidate) => candidate.name === name.replace(/_bucket$/, ''));
        expect(family === undefined || ['counter', 'histogram'].includes(family.type)).toBe(true);
      }
    },
  );
});

describeWith(['promtool'], 'queries of the dashboards', () => {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-dashboards-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const interpolated = (query: string) =>
    query.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.+').replaceAll('$model', '.+');

  it('are PromQL', () => {
    const rules = dashboards
      .flatMap(([, dashboard]) => queriesOf(dashboard))
      .map((expr, i) => ({ record: `q${i}`, expr: interpolated(expr) }));
    const file = join(directory, 'queries.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules }] }));
    expect(runTool('promtool', ['check', 'rules', file])).toMatchObject({ ok: true });
  });

  it('count once what two pods tell, and what one target tells', () => {
    const query = (title: string) => {
      const panel = dashboards
        .flatMap(([, dashboard]) => panelsOf(dashboard))
        .find((candidate) => candidate.title === title);
      return interpolated(panel.targets[0].expr);
    };
    const series = (instances: readonly string[]) =>
      instances.flatMap((instance) => [
        {
          series: `litellm_total_spend{job="j", instance="${instance}", pod="${instance}", model="m"}`,
          values: '100x40',
        },
        {
          series: `litellm_spend_usd_total{job="j", instance="${instance}", pod="${instance}", model="m"}`,
          values: '0+1x40',
        },
      ]);
    const tests = [['one'], ['a', 'b']].map((instances) => ({
      interval: '15s',
      input_series: series(instances),
      promql_expr_test: [
        { expr: query('Spend in the window'), eval_time: '9m', exp_samples: [{ labels: '{}', value: 100 }] },
        // A dollar each 15 s is 240 an hour.
        { expr: query('Spend by model'), eval_time: '9m', exp_samples: [{ labels: '{model="m"}', value: 240 }] },
      ],
    }));
    const file = join(directory, 'once.json');
    writeFileSync(file, JSON.stringify({ rule_files: [], evaluation_interval: '15s', tests }));
    expect(runTool('promtool', ['test', 'rules', file])).toEqual({ ok: true, text: expect.any(String) });
  });
});
