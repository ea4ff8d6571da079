import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { outputOf, runTool } from './tools.js';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The chart's directory. */
export const CHART = join(ROOT, 'helm/litellm-exporter');

/** The version of chart and application. */
export const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

/** A Kubernetes object, or a part of one. */
// biome-ignore lint/suspicious/noExplicitAny: objects of any kind, looked into by expectations
export type Manifest = any;

/** Values of the chart. */
export type Values = Readonly<Record<string, unknown>>;

/** The least that the chart wants to know. */
export const LEAST: Values = { database: { host: 'postgres' } };

const RELEASE = ['template', 'rel', CHART, '--namespace', 'ns'];

/** The chart with these values over {@link LEAST}, as text. */
export function renderText(values: Values = {}, argv: readonly string[] = []): string {
  const input = JSON.stringify({ ...LEAST, ...values });
  return outputOf('helm', [...RELEASE, '--kube-version', '1.31.0', '--values', '-', ...argv], input);
}

/** The chart with these values over {@link LEAST}, as objects. */
export function render(values: Values = {}): readonly Manifest[] {
  return objectsIn(renderText(values));
}

/** The one object of this kind. */
export function renderOne(kind: string, values: Values = {}): Manifest {
  const found = render(values).filter((object) => object.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0];
}

/** The exporter's container in the Deployment. */
export function renderContainer(values: Values = {}): Manifest {
  return renderOne('Deployment', values).spec.template.spec.containers[0];
}

/** Why the chart refuses these values (over nothing at all); throws where it takes them. */
export function refusalOf(values: Values): string {
  const { ok, text } = runTool(
    'helm',
    [...RELEASE, '--kube-version', '1.31.0', '--values', '-'],
    JSON.stringify(values),
  );
  if (ok) throw new Error('the chart takes these values');
  return text;
}

/** What NOTES.txt says. Without a cluster Helm renders no notes, so a copy of the chart has them in a ConfigMap. */
export function notesOf(values: Values = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-notes-'));
  try {
    cpSync(CHART, directory, { recursive: true });
    const notes = readFileSync(join(CHART, 'templates/NOTES.txt'), 'utf8');
    const object = 'kind: Notes\ntext: {{ include "notes" . | quote }}\n';
    writeFileSync(join(directory, 'templates/notes.yaml'), `{{ define "notes" }}${notes}{{ end }}\n${object}`);
    const argv = ['template', 'rel', directory, '--namespace', 'ns', '--kube-version', '1.31.0', '--values', '-'];
    const objects = objectsIn(outputOf('helm', argv, JSON.stringify({ ...LEAST, ...values })));
    return objects.find(({ kind }) => kind === 'Notes').text;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Objects of a stream of YAML documents. */
export function objectsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** Files with one feature each. */
export function ciFiles(): readonly string[] {
  return readdirSync(join(CHART, 'ci')).filter((file) => file.endsWith('-values.yaml'));
}

/** The chart as a file of ci/ has it, as text. */
export function renderCi(file: string, kubeVersion = '1.31.0'): string {
  return outputOf('helm', [...RELEASE, '--kube-version', kubeVersion, '--values', join(CHART, 'ci', file)]);
}

/** A YAML file of the repository. */
export function readYaml(path: string): Manifest {
  return parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });
}
