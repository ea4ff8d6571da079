import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settingsTable } from '@app/config';
import { describe, expect, it } from '@jest/globals';
import { CHART, ROOT } from './chart.js';
import { MANIFEST_FILES, renderManifest } from './manifests.js';
import { describeWith, outputOf } from './tools.js';

/** Files that are made from others. With UPDATE_DOCS=1 (`npm run chart:sync`) they are written, in this order. */
function expectMade(path: string, made: string): void {
  const file = join(ROOT, path);
  if (process.env.UPDATE_DOCS === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, made);
  }
  expect(readFileSync(file, 'utf8')).toBe(made);
}

/** Settings that values of their own stand for, or that are secret. */
const BY_OTHER_VALUES =
  /^(DATABASE_URL|LITELLM_DB_\w+|REDIS_\w+|METRICS_PORT|TELEMETRY_PORT|WEB_CONFIG_FILE|LOG_LEVEL|LOG_FORMAT)$/;

describe('files of the chart (`npm run chart:sync` writes them)', () => {
  it('has the alerts of grafana/, which a chart can not read outside of itself', () => {
    expectMade(
      'helm/litellm-exporter/files/rules.yaml',
      readFileSync(join(ROOT, 'grafana/rules/litellm-exporter.rules.yaml'), 'utf8'),
    );
  });

  it('has the dashboards of grafana/', () => {
    const dashboards = readdirSync(join(ROOT, 'grafana/dashboards'));
    for (const file of dashboards) {
      const source = readFileSync(join(ROOT, 'grafana/dashboards', file), 'utf8');
      expectMade(`helm/litellm-exporter/files/dashboards/${file}`, source);
    }
    expect(readdirSync(join(CHART, 'files/dashboards'))).toEqual(dashboards);
  });

  it('takes in `config` every setting that no other value stands for, and no other name', () => {
    const path = 'helm/litellm-exporter/values.schema.json';
    const text = readFileSync(join(ROOT, path), 'utf8');
    const names = settingsTable().flatMap((row) => (row.secret ? [] : [row.name as string]));
    const free = names.filter((name) => !BY_OTHER_VALUES.test(name));
    const list = free.map((name) => `          "${name}"`).join(',\n');
    expectMade(path, text.replace(/("propertyNames": \{\s*"enum": \[)[^\]]*\]/, `$1\n${list}\n        ]`));
  });
});

describeWith(['helm-docs'], 'README.md of the chart (`npm run chart:sync` writes it)', () => {
  it('is what helm-docs makes of README.md.gotmpl and values.yaml', () => {
    const argv = ['--chart-search-root', CHART, '--dry-run', '--sort-values-order', 'file', '--log-level', 'error'];
    expectMade('helm/litellm-exporter/README.md', `${outputOf('helm-docs', argv).trim()}\n`);
  });
});

describeWith(['helm'], 'manifests of k8s/ (`npm run k8s:render` writes them)', () => {
  it.each(MANIFEST_FILES)('$path is rendered from the chart', (file) => expectMade(file.path, renderManifest(file)));
});
