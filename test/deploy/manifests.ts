import { isMap, parseAllDocuments, visit } from 'yaml';
import { CHART } from './chart.js';
import { outputOf } from './tools.js';

/** A file of k8s/: what stands above it, and the chart's values it is rendered from. */
interface ManifestFile {
  readonly path: string;
  readonly head: readonly string[];
  readonly values: string;
}

const HARDENING =
  'podDisruptionBudget: { enabled: true }\nnetworkPolicy: { enabled: true }\ntests: { enabled: false }\n';

/** The plain manifests. */
export const MANIFEST_FILES: readonly ManifestFile[] = [
  {
    path: 'k8s/litellm-exporter.yaml',
    head: [
      'One replica with its state in memory: it seeds at each start and leaves nothing behind in PostgreSQL.',
      'Change the image to where you have it, LITELLM_DB_HOST, the other LITELLM_DB_* and LITELLM_DB_PASSWORD, then: kubectl apply -n <namespace> -f k8s/litellm-exporter.yaml',
      'The NetworkPolicy lets out only to port 5432 and to names: change it where PostgreSQL listens on another one.',
    ],
    values: `database: { host: postgres, password: choose-a-password }\n${HARDENING}`,
  },
  {
    path: 'k8s/three-replicas/litellm-exporter.yaml',
    head: [
      'Three replicas that share their state in Redis. A replication slot stays in PostgreSQL: POSTGRES_SETUP.md, "Slots" and "Removing".',
      'Change the image to where you have it, LITELLM_DB_HOST, the other LITELLM_DB_*, LITELLM_DB_PASSWORD and REDIS_URL, then: kubectl apply -n <namespace> -f k8s/three-replicas',
      'The NetworkPolicy lets out only to the ports 5432 and 6379, and to names: change it where those listen on others.',
    ],
    values: `replicaCount: 3\ndatabase: { host: postgres, password: choose-a-password }\nredis: { url: "redis://redis:6379/0" }\n${HARDENING}`,
  },
];

/** What is Helm's, and means nothing without it. */
const HELMS_OWN = new Set(['helm.sh/chart', 'app.kubernetes.io/managed-by', 'checksum/settings', 'checksum/secret']);

/** Renders a file of k8s/ from the chart. */
export function renderManifest({ head, values }: ManifestFile): string {
  const argv = ['template', 'litellm-exporter', CHART, '--kube-version', '1.31.0', '--values', '-'];
  const documents = parseAllDocuments(outputOf('helm', argv, values).replace(/^# Source: .*\n/gm, ''));
  const texts = documents.map((document) => {
    visit(document, {
      Pair: (_, pair) => {
        const key = String((pair.key as { value?: unknown } | null)?.value);
        if (HELMS_OWN.has(key)) return visit.REMOVE;
        // No namespace: kubectl's -n names it.
        return key === 'namespace' ? visit.REMOVE : undefined;
      },
    });
    visit(document, {
      Pair: (_, { key, value }) =>
        String((key as { value?: unknown } | null)?.value) === 'annotations' && isMap(value) && value.items.length === 0
          ? visit.REMOVE
          : undefined,
    });
    return document.toString({ lineWidth: 0, directives: false }).replace(/^---\n/, '');
  });
  const made = 'Made from the Helm chart by `npm run k8s:render`: change the chart, not this file.';
  return `${[...head, made].map((line) => `# ${line}\n`).join('')}---\n${texts.join('---\n')}`;
}
