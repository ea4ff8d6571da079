import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { blocksOf, read } from '../docs/markdown.js';
import { CHART, type Manifest, objectsIn, readYaml } from './chart.js';
import { describeWith, outputOf, runTool } from './tools.js';

const DOCUMENTS = ['helm/litellm-exporter/README.md', 'docs/DEPLOYMENT.md'];

interface Command {
  readonly document: string;
  readonly line: string;
  /** What the last YAML block above it says: its values.yaml. */
  readonly values: string;
}

/** Commands of the shell blocks that install or render the chart, each on one line. */
function commandsOf(document: string): readonly Command[] {
  let values = '';
  return blocksOf(read(document)).flatMap(({ language, text }) => {
    if (language === 'yaml') values = text;
    if (language !== 'sh') return [];
    const lines = text.replace(/\\\n\s*/g, ' ').split('\n');
    return lines
      .filter((line) => /^helm (install|upgrade|template)\b/.test(line))
      .map((line) => ({ document, line, values }));
  });
}

const commands = DOCUMENTS.flatMap(commandsOf);

/** The command as `helm template` of the chart in this checkout, which takes what install and upgrade take but these. */
function render({ line, values }: Command): readonly Manifest[] {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-commands-'));
  try {
    const file = join(directory, 'values.yaml');
    writeFileSync(file, values);
    const words = line
      .split(/\s+/)
      .slice(2)
      .filter((word) => !['--install', '--wait'].includes(word));
    const argv = words.map((word) => {
      if (word === 'values.yaml') return file;
      return /^(oci:\/\/.*|(\.\/)?helm)\/litellm-exporter$/.test(word) ? CHART : word;
    });
    expect(argv).toContain(CHART);
    return objectsIn(outputOf('helm', ['template', ...argv, '--kube-version', '1.31.0']));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describeWith(['helm'], 'commands of the documents', () => {
  it('are some in each', () => {
    expect(new Set(commands.map(({ document }) => document))).toEqual(new Set(DOCUMENTS));
  });

  it.each(commands.map((command) => [command.line, command] as const))('%s renders', (_, command) => {
    expect(render(command).map(({ kind }) => kind)).toContain('Deployment');
  });

  it('mount the keys that the README puts into Secrets and ConfigMaps', () => {
    const steps = commands.find(({ line }) => /upgrade --install/.test(line));
    if (steps === undefined) throw new Error('the README has no helm upgrade --install');
    const pod = render(steps).find(({ kind }) => kind === 'Deployment').spec.template.spec;
    const [{ projected }] = pod.volumes;
    const mounted = projected.sources.flatMap((source: Manifest) => {
      const { name, items } = source.secret ?? source.configMap;
      return items.map(({ key }: Manifest) => `${name} ${key}`);
    });
    const made = [
      ...read(steps.document).matchAll(/create (?:secret generic|configmap) (\S+)((?:[ \\\n]+--from-file=\S+)+)/g),
    ];
    const keys = made.flatMap(([, name, files = '']) =>
      [...files.matchAll(/--from-file=(\w+(?:\.\w+)?)=/g)].map((file) => `${name} ${file[1]}`),
    );
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.filter((key) => !mounted.includes(key))).toEqual([]);
    expect(mounted.filter((key: string) => !keys.includes(key))).toEqual([]);
  });

  it('make what the steps promise: three replicas, one target, limits of a drain and of the network', () => {
    const steps = commands.find(({ line }) => /upgrade --install/.test(line)) as Command;
    const objects = render(steps);
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds).toEqual(
      expect.arrayContaining(['PodDisruptionBudget', 'NetworkPolicy', 'ScrapeConfig', 'PrometheusRule']),
    );
    const { spec } = objects.find(({ kind }) => kind === 'Deployment');
    expect(spec).toMatchObject({ replicas: 3, strategy: { type: 'RollingUpdate' } });
    expect(spec.template.spec.topologySpreadConstraints).toHaveLength(1);
    const settings = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'litellm-exporter',
    ).data;
    expect(settings).toMatchObject({ LITELLM_DB_SSLMODE: 'verify-full', TELEMETRY_PORT: '9091' });
  });
});

describe('what the chart tells Artifact Hub and Kubernetes', () => {
  const chart = readYaml('helm/litellm-exporter/Chart.yaml');

  it('is whole: versions, kubeVersion, licence, category, image, links', () => {
    expect(chart.kubeVersion).toMatch(/^>=1\.\d+\.0-0$/);
    expect(chart.version).toBe(chart.appVersion);
    const { annotations } = chart;
    for (const name of ['license', 'category', 'images', 'links'])
      expect(annotations[`artifacthub.io/${name}`]).toMatch(/\w/);
  });

  it('leads to files that there are', () => {
    const paths = [...chart.annotations['artifacthub.io/links'].matchAll(/blob\/main\/(\S+)/g)].map(
      (match) => match[1],
    );
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) expect(read(path)).not.toBe('');
  });
});

describeWith(['helm'], 'the oldest Kubernetes', () => {
  it('is refused below kubeVersion, with the version in the message', () => {
    const argv = ['template', 'x', CHART, '--set', 'database.host=a', '--kube-version', '1.24.0'];
    expect(runTool('helm', argv)).toMatchObject({ ok: false, text: expect.stringContaining('1.25.0') });
  });
});
