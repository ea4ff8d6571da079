import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FAMILIES, SelfMetrics } from '@app/metrics';
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { anchorsOf } from '../docs/markdown.js';
import { type Manifest, ROOT, readYaml, renderOne, type Values } from './chart.js';
import { describeWith, runTool } from './tools.js';

const RULES = 'grafana/rules/litellm-exporter.rules.yaml';
const CASES = 'grafana/rules/litellm-exporter.rules.test.yaml';
const rules: readonly Manifest[] = readYaml(RULES).groups.flatMap((group: Manifest) => group.rules);
const metrics = new Set([
  'up',
  ...ALL_FAMILIES.map(({ name }) => name),
  ...new SelfMetrics({ version: '', revision: '' }, false).names(),
]);

describeWith(['promtool'], 'the alerts', () => {
  it('are rules that Prometheus takes', () => {
    const argv = ['check', 'rules', '--lint=all', '--lint-fatal', join(ROOT, RULES)];
    expect(runTool('promtool', argv)).toMatchObject({ ok: true });
  });

  it('fire and stay quiet as their cases say', () => {
    expect(runTool('promtool', ['test', 'rules', join(ROOT, CASES)])).toMatchObject({ ok: true });
  });
});

describe('each alert', () => {
  const cases = readYaml(CASES).tests as readonly Manifest[];
  const anchors = anchorsOf(readFileSync(join(ROOT, 'docs/ALERTS.md'), 'utf8'));

  it.each(rules.map((rule) => [rule.alert as string, rule]))(
    '%s has a case that fires and one that stays quiet',
    (name) => {
      const of = (test: Manifest, list: string) =>
        (test[list] ?? []).filter(
          (one: Manifest) => JSON.stringify(one).includes(`${name}"`) || one.expr?.includes(`"${name}"`),
        );
      const outcomes = cases.flatMap((test) => [
        ...of(test, 'alert_rule_test').map((one: Manifest) => one.exp_alerts.length > 0),
        ...of(test, 'promql_expr_test').map((one: Manifest) => one.exp_samples.length > 0),
      ]);
      expect(outcomes).toContain(true);
      expect(outcomes).toContain(false);
    },
  );

  it.each(rules.map((rule) => [rule.alert as string, rule]))('%s keeps to the conventions', (name, rule) => {
    expect(name).toMatch(/^LitellmExporter([A-Z][a-z]+)+$/);
    expect(['critical', 'warning', 'info']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/^[A-Z][^{}]*\.$/);
    expect(rule.annotations.description).toMatch(/\{\{/);
    expect(anchors).toContain(`#${rule.annotations.runbook_url.split('#')[1]}`);
  });

  it.each(rules.map((rule) => [rule.alert as string, rule]))(
    '%s reads metrics that exist, of this job, and aggregates over replicas first',
    (_, rule) => {
      const selected = [...rule.expr.matchAll(/\b([a-z_]+)\{([^}]*)\}/g)] as RegExpMatchArray[];
      expect(selected.length).toBeGreaterThan(0);
      for (const [, name = '', matchers] of selected) {
        expect(metrics).toContain(name);
        expect(matchers).toContain('job="litellm-exporter"');
      }
      // What each process counts for itself is added up instead: its counters start at 0 with it.
      const replicas =
        /((?:max|min) without \(instance, pod[^)]*\) \(|sum without \(instance, pod\) \(increase\()[a-z_]+\{/g;
      const aggregated = rule.expr.match(replicas) ?? [];
      expect(aggregated.length).toBe(selected.length - (rule.expr.match(/absent\(/g) ?? []).length);
    },
  );

  it.each(rules.map((rule) => [rule.alert as string, rule]))(
    '%s ends in its threshold, which the chart can change',
    (_, rule) => {
      expect(rule.expr.trim()).toMatch(/(==|>|<) [0-9.]+$/);
    },
  );
});

describeWith(['helm', 'promtool'], 'the alerts of the chart', () => {
  const alerts = (values: Values) =>
    renderOne('PrometheusRule', { prometheusRule: { enabled: true, ...values } }).spec.groups.flatMap(
      (group: Manifest) => group.rules,
    );

  it('are those of grafana/, for the job of the release', () => {
    const rendered = alerts({});
    expect(rendered.map(({ alert }: Manifest) => alert)).toEqual(rules.map(({ alert }) => alert));
    for (const [index, rule] of rendered.entries()) {
      const original = rules[index];
      expect(rule.expr.trim()).toBe(
        original.expr.trim().replaceAll('job="litellm-exporter"', 'job="rel-litellm-exporter"'),
      );
      expect(rule.annotations).toEqual(original.annotations);
    }
  });

  it('change as their values say, and Prometheus takes them', () => {
    const changed = alerts({
      alertLabels: { team: 'a' },
      runbookUrl: 'https://runbooks.example/x',
      alerts: {
        LitellmExporterSlotRetainsWal: { threshold: 53_687_091_200, for: '30m', severity: 'critical' },
        LitellmExporterStale: { threshold: 0.5 },
        LitellmExporterDown: { enabled: false },
      },
      additionalRules: [{ alert: 'Own', expr: 'up{job="{{ .Release.Name }}"} == 0' }],
    });
    const named = (name: string) => changed.find(({ alert }: Manifest) => alert === name);
    expect(named('LitellmExporterDown')).toBeUndefined();
    expect(named('LitellmExporterStale').expr).toMatch(/> 0\.5\n$/);
    expect(named('LitellmExporterSlotRetainsWal')).toMatchObject({
      expr: expect.stringMatching(/> 53687091200\n$/),
      for: '30m',
      labels: { severity: 'critical', team: 'a' },
      annotations: { runbook_url: 'https://runbooks.example/x#litellmexporterslotretainswal' },
    });
    expect(named('Own').expr).toBe('up{job="rel"} == 0');
    expect(checkRules(changed)).toMatchObject({ ok: true });
  });
});

function checkRules(found: readonly Manifest[]) {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-rules-'));
  try {
    const file = join(directory, 'rules.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'rendered', rules: found }] }));
    return runTool('promtool', ['check', 'rules', file]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
