import { expect, it } from '@jest/globals';
import { type Manifest, notesOf, render, renderContainer, renderOne, type Values, VERSION } from './chart.js';
import { describeWith } from './tools.js';

const REDIS = { redis: { existingSecret: 'redis' } };
const SEVERAL = { replicaCount: 3, ...REDIS };
const kinds = (values: Values = {}) => render(values).map(({ kind }) => kind as string);
const podOf = (values: Values = {}) => renderOne('Deployment', values).spec.template.spec;
const envOf = (values: Values): Record<string, string> =>
  Object.fromEntries(renderContainer(values).env?.map(({ name, value }: Manifest) => [name, value]) ?? []);
const settingsOf = (values: Values = {}) =>
  render(values).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'rel-litellm-exporter')?.data;

describeWith(['helm'], 'labels and names of the chart', () => {
  it('bear the recommended labels on every object of the release', () => {
    const hooks = (object: Manifest) => object.metadata.annotations?.['helm.sh/hook'] !== undefined;
    for (const object of render(SEVERAL).filter((object) => !hooks(object))) {
      expect(object.metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'litellm-exporter',
        'app.kubernetes.io/instance': 'rel',
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.sh/chart': `litellm-exporter-${VERSION}`,
      });
      expect(object.metadata.namespace).toBe('ns');
    }
  });

  it('select by what never changes', () => {
    const stable = { 'app.kubernetes.io/name': 'litellm-exporter', 'app.kubernetes.io/instance': 'rel' };
    expect(renderOne('Deployment').spec.selector.matchLabels).toEqual(stable);
    expect(renderOne('Service').spec.selector).toEqual(stable);
  });

  it('take neither the test pod nor the clean-up for an exporter', () => {
    const selector = Object.entries(renderOne('Service').spec.selector);
    const cleanup = { ...REDIS, cleanup: { enabled: true } };
    for (const labels of [renderOne('Pod').metadata.labels, renderOne('Job', cleanup).spec.template.metadata.labels]) {
      expect(selector.every(([name, value]) => labels[name] === value)).toBe(false);
    }
  });

  it('have what the user adds', () => {
    const values = {
      commonLabels: { team: 'a' },
      commonAnnotations: { owner: 'b' },
      global: { commonLabels: { cost: 'c' } },
    };
    expect(renderOne('Service', values).metadata).toMatchObject({
      labels: { team: 'a', cost: 'c' },
      annotations: { owner: 'b' },
    });
    expect(renderOne('Service', { fullnameOverride: 'x', namespaceOverride: 'y' }).metadata).toMatchObject({
      name: 'x',
      namespace: 'y',
    });
  });
});

describeWith(['helm'], 'the image', () => {
  it('is of the chart’s version, from the registry that is named', () => {
    expect(renderContainer().image).toBe(`ghcr.io/litellm-exporter/litellm-exporter:${VERSION}`);
    const values = { global: { imageRegistry: 'r.example' }, image: { tag: '2', digest: `sha256:${'a'.repeat(64)}` } };
    expect(renderContainer(values).image).toBe(
      `r.example/litellm-exporter/litellm-exporter:2@sha256:${'a'.repeat(64)}`,
    );
  });

  it('is pulled with secrets given as names or as objects', () => {
    const values = { global: { imagePullSecrets: ['a'] }, imagePullSecrets: [{ name: 'b' }] };
    expect(podOf(values).imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }]);
  });
});

describeWith(['helm'], 'the pod', () => {
  it('keeps to the restricted profile and a root file system that nobody writes to', () => {
    expect(podOf().securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(renderContainer().securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('is told nothing of other Services and gets no token', () => {
    expect(podOf()).toMatchObject({ enableServiceLinks: false, automountServiceAccountToken: false });
  });

  it('is asked three things, over HTTPS where TLS is on', () => {
    const paths = (values: Values = {}) =>
      ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => renderContainer(values)[probe]?.httpGet);
    expect(paths().map(({ path }) => path)).toEqual(['/healthz', '/livez', '/readyz']);
    expect(paths({ webConfig: { existingSecret: 'web', tls: true } }).map(({ scheme }) => scheme)).toEqual(
      Array(3).fill('HTTPS'),
    );
  });

  it('makes way before the next one starts where it is alone, and after where there are several', () => {
    expect(renderOne('Deployment').spec.strategy).toEqual({ type: 'Recreate' });
    expect(renderOne('Deployment', SEVERAL).spec.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
  });

  it('is spread by the labels of the chart', () => {
    expect(podOf(SEVERAL).topologySpreadConstraints[0].labelSelector.matchLabels).toEqual(
      renderOne('Service').spec?.selector,
    );
  });

  it('is made anew when settings or secrets change', () => {
    const sums = (values: Values) => renderOne('Deployment', values).spec.template.metadata.annotations;
    expect(sums({ logLevel: 'debug' })['checksum/settings']).not.toBe(sums({})['checksum/settings']);
    const password = (text: string) => ({ database: { host: 'a', password: text } });
    expect(sums(password('a'))['checksum/secret']).not.toBe(sums(password('b'))['checksum/secret']);
  });

  it('takes affinity as a map and as a template', () => {
    expect(podOf({ affinity: { nodeAffinity: {} } }).affinity).toEqual({ nodeAffinity: {} });
    expect(podOf({ affinity: 'nodeAffinity: { x: "{{ .Release.Name }}" }' }).affinity).toEqual({
      nodeAffinity: { x: 'rel' },
    });
  });
});

describeWith(['helm'], 'settings of the chart', () => {
  it('open the port of telemetry as soon as there are several replicas', () => {
    expect(settingsOf().TELEMETRY_PORT).toBeUndefined();
    expect(renderContainer().ports).toHaveLength(1);
    expect(settingsOf(SEVERAL).TELEMETRY_PORT).toBe('9091');
    expect(renderContainer(SEVERAL).ports).toContainEqual({ name: 'telemetry', containerPort: 9091, protocol: 'TCP' });
  });

  it('are texts, whatever YAML made of them', () => {
    const config = { METRICS_MAX_SERIES_PER_METRIC: 2_000_000, METRICS_TAG_EXCLUDE: '', REPLICATION_FAILOVER: false };
    expect(settingsOf({ config })).toMatchObject({
      METRICS_MAX_SERIES_PER_METRIC: '2000000',
      METRICS_TAG_EXCLUDE: '',
      REPLICATION_FAILOVER: 'false',
    });
  });

  it('come from a ConfigMap of the user’s instead', () => {
    const values = { existingConfigMap: '{{ .Release.Name }}-mine' };
    expect(settingsOf(values)).toBeUndefined();
    expect(renderContainer(values).envFrom).toEqual([{ configMapRef: { name: 'rel-mine' } }]);
  });

  it('have more variables from a list or a map', () => {
    expect(envOf({ extraEnv: { A: 1, B: '{{ .Release.Name }}' } })).toMatchObject({ A: '1', B: 'rel' });
    expect(envOf({ extraEnv: [{ name: 'C', value: 'd' }] })).toMatchObject({ C: 'd' });
  });

  it('name the file of the web configuration', () => {
    const values = { webConfig: { existingSecret: 'web' } };
    expect(envOf(values)).toEqual({ WEB_CONFIG_FILE: '/etc/litellm-exporter/web/web-config.yml' });
    expect(podOf(values).volumes).toContainEqual({
      name: 'web-config',
      projected: { defaultMode: 0o440, sources: [{ secret: { name: 'web' } }] },
    });
  });
});

describeWith(['helm'], 'objects that a switch adds', () => {
  it.each<[string, Values, string]>([
    ['podDisruptionBudget', { enabled: true }, 'PodDisruptionBudget'],
    ['networkPolicy', { enabled: true }, 'NetworkPolicy'],
    ['serviceMonitor', { enabled: true }, 'ServiceMonitor'],
    ['podMonitor', { enabled: true }, 'PodMonitor'],
    ['scrapeConfig', { enabled: true }, 'ScrapeConfig'],
    ['prometheusRule', { enabled: true }, 'PrometheusRule'],
    ['cleanup', { enabled: true }, 'Job'],
  ])('%s: none by default, one when it is on', (key, value, kind) => {
    expect(kinds()).not.toContain(kind);
    expect(kinds({ [key]: value })).toContain(kind);
  });

  it('leave the ServiceAccount and the test pod out when they are off', () => {
    expect(kinds({ serviceAccount: { create: false }, tests: { enabled: false } })).toEqual([
      'ConfigMap',
      'Service',
      'Deployment',
    ]);
    expect(podOf({ serviceAccount: { create: false } }).serviceAccountName).toBe('default');
  });

  it('limit a drain by what may be missing, or by what must stay', () => {
    expect(renderOne('PodDisruptionBudget', { podDisruptionBudget: { enabled: true } }).spec).toMatchObject({
      maxUnavailable: 1,
    });
    const spec = renderOne('PodDisruptionBudget', { podDisruptionBudget: { enabled: true, minAvailable: 2 } }).spec;
    expect(spec).toMatchObject({ minAvailable: 2 });
    expect(spec.maxUnavailable).toBeUndefined();
  });

  it('let out to names, PostgreSQL and, where there is one, Redis', () => {
    const ports = (values: Values) =>
      renderOne('NetworkPolicy', { networkPolicy: { enabled: true }, ...values }).spec.egress.flatMap(
        (rule: Manifest) => rule.ports.map(({ port }: Manifest) => port),
      );
    expect(ports({})).toEqual([53, 53, 5432]);
    expect(ports({ ...REDIS, database: { host: 'a', port: 6432 } })).toEqual([53, 53, 6432, 6379]);
  });

  it('take manifests as maps and as templates', () => {
    const values = {
      extraManifests: [{ kind: 'A', metadata: { name: '{{ .Release.Name }}' } }, 'kind: B\nname: {{ .Release.Name }}'],
    };
    expect(render(values).slice(-2)).toEqual(expect.arrayContaining([{ kind: 'B', name: 'rel' }]));
    expect(kinds(values)).toEqual(expect.arrayContaining(['A', 'B']));
  });
});

describeWith(['helm'], 'NOTES.txt', () => {
  it('names the statement that drops the slot where one is left', () => {
    expect(notesOf()).not.toContain('pg_drop_replication_slot');
    expect(notesOf(REDIS)).toContain("pg_drop_replication_slot('litellm_exporter_litellm')");
    const other = { ...REDIS, config: { REPLICATION_SLOT: 'mine' } };
    expect(notesOf(other)).toContain("pg_drop_replication_slot('mine')");
  });

  it('says how pods that are scraped one by one are added up', () => {
    expect(notesOf({ ...SEVERAL, serviceMonitor: { enabled: true } })).toContain('max without (instance, pod)');
    expect(notesOf({ ...SEVERAL, scrapeConfig: { enabled: true } })).not.toContain('max without');
    expect(notesOf()).toContain('Nothing tells Prometheus of it yet');
  });

  it('never shows a secret', () => {
    const values = { database: { host: 'a', password: 'hunter2' }, redis: { url: 'redis://:hunter3@redis' } };
    expect(notesOf(values)).not.toMatch(/hunter/);
  });
});
