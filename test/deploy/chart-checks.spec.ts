import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { ScrapeConfig } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1/ScrapeConfig';
import ts from 'typescript';
import { kubernetesVersions } from '../../scripts/deploy/tools.mjs';
import { CHART, ciFiles, type Manifest, objectsIn, ROOT, renderCi, VERSION } from './chart.js';
import { MANIFEST_FILES } from './manifests.js';
import { describeWith, runTool, toolPath } from './tools.js';

describeWith(['helm'], 'helm lint --strict', () => {
  it('finds nothing in the chart as it is', () => {
    expect(runTool('helm', ['lint', '--strict', '--quiet', CHART])).toEqual({ ok: true, text: expect.any(String) });
  });

  it.each(ciFiles())('finds nothing with ci/%s', (file) => {
    const argv = [
      'lint',
      '--strict',
      '--quiet',
      '--kube-version',
      '1.31.0',
      '--values',
      join(CHART, 'ci', file),
      CHART,
    ];
    expect(runTool('helm', argv)).toMatchObject({ ok: true });
  });
});

/** Custom resources: kubeconform has no schemas of theirs here; see the suite below. */
const CUSTOM = 'ServiceMonitor,PodMonitor,ScrapeConfig,PrometheusRule';

/** All texts at once: most of the time goes into reading the schemas. */
function kubeconform(texts: Readonly<Record<string, string>>, version: string) {
  const location = `${toolPath('kubernetes-schemas')}/{{ .NormalizedKubernetesVersion }}-local{{ .StrictSuffix }}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
  const argv = ['-strict', '-summary', '-kubernetes-version', version, '-schema-location', location, '-skip', CUSTOM];
  const directory = mkdtempSync(join(tmpdir(), 'exporter-manifests-'));
  try {
    const files = Object.entries(texts).map(([name, text]) => {
      const file = join(directory, name.replaceAll('/', '-'));
      writeFileSync(file, text);
      return file;
    });
    return runTool('kubeconform', [...argv, ...files]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describeWith(['helm', 'kubeconform', 'kubernetes-schemas'], 'kubeconform -strict', () => {
  it.each(kubernetesVersions)('takes every file of ci/ and the plain manifests for Kubernetes %s', (version) => {
    const rendered = ciFiles().map((file) => [file, renderCi(file, version)] as const);
    const plain = MANIFEST_FILES.map(({ path }) => [path, readFileSync(join(ROOT, path), 'utf8')] as const);
    const result = kubeconform(Object.fromEntries([...rendered, ...plain]), version);
    expect(result.text).toMatch(/Invalid: 0, Errors: 0/);
    expect(result.ok).toBe(true);
  });

  it('refuses a misspelt field', () => {
    const text = renderCi('memory-values.yaml').replace('enableServiceLinks', 'enableServiceLink');
    expect(kubeconform({ 'wrong.yaml': text }, '1.31.0')).toMatchObject({
      ok: false,
      text: expect.stringContaining('enableServiceLink'),
    });
  });
});

const MODELS = { ServiceMonitor, PodMonitor, ScrapeConfig, PrometheusRule } as const;

function customObjects(text: string): readonly Manifest[] {
  return objectsIn(text).filter(({ kind }) => Object.hasOwn(MODELS, kind));
}

/** Compiles objects as literals of their kind's type: what the type doesn't know is an error, as kubeconform -strict has it. */
function typeErrorsOf(objects: readonly Manifest[]): readonly string[] {
  const directory = mkdtempSync(join(ROOT, 'node_modules/.cache-custom-resources-'));
  try {
    const file = join(directory, 'objects.ts');
    const imports = Object.keys(MODELS).map((kind) => {
      const version = kind === 'ScrapeConfig' ? 'v1alpha1' : 'v1';
      return `import type { I${kind} } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/${version}/${kind}';`;
    });
    const literals = objects.map((object, i) => `export const o${i}: I${object.kind} = ${JSON.stringify(object)};`);
    writeFileSync(file, [...imports, ...literals].join('\n'));
    const program = ts.createProgram([file], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describeWith(['helm'], 'custom resources, by the models of @kubernetes-models/prometheus-operator', () => {
  const texts = () => ciFiles().map((file) => renderCi(file));

  it('have values that the schemas of their definitions take', () => {
    const objects = texts().flatMap(customObjects);
    expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(Object.keys(MODELS)));
    for (const object of objects) {
      const Model = MODELS[object.kind as keyof typeof MODELS] as new (data: Manifest) => { validate(): void };
      expect(() => new Model(object).validate()).not.toThrow();
    }
  });

  it('have no field that their types do not know', () => {
    expect(typeErrorsOf(texts().flatMap(customObjects))).toEqual([]);
  });

  it('would not get through with a misspelt field', () => {
    const [object] = customObjects(renderCi('scrapeconfig-values.yaml'));
    expect(typeErrorsOf([{ ...object, spec: { ...object.spec, metricPath: '/' } }])).toEqual([
      expect.stringContaining('metricPath'),
    ]);
  });
});

describeWith(['helm'], 'helm package', () => {
  it('packs what the templates read, and not the files of CI', () => {
    const directory = mkdtempSync(join(tmpdir(), 'exporter-chart-'));
    try {
      expect(runTool('helm', ['package', CHART, '--destination', directory])).toMatchObject({ ok: true });
      const archive = join(directory, `litellm-exporter-${VERSION}.tgz`);
      const argv = [
        'template',
        'x',
        archive,
        '--kube-version',
        '1.31.0',
        '--set',
        'database.host=a,dashboards.enabled=true',
      ];
      expect(runTool('helm', [...argv, '--set', 'prometheusRule.enabled=true']).text).toContain('LitellmExporterDown');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
