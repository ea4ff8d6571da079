import { expect, it } from '@jest/globals';
import { type Manifest, render, renderContainer, renderOne, renderText, type Values } from './chart.js';
import { describeWith } from './tools.js';

const DIRECTORY = '/run/secrets/litellm-exporter';
const env = (values: Values): Record<string, string> =>
  Object.fromEntries(renderContainer(values).env?.map(({ name, value }: Manifest) => [name, value]) ?? []);
const sources = (values: Values) =>
  renderOne('Deployment', values).spec.template.spec.volumes?.[0]?.projected.sources ?? [];
const secrets = (values: Values) => render(values).filter(({ kind }) => kind === 'Secret');

describeWith(['helm'], 'secrets of the chart', () => {
  it('given as values are put into a Secret, and reach the exporter as files alone', () => {
    const values = { database: { host: 'a', password: 'hunter2' }, redis: { url: 'redis://:hunter3@redis' } };
    const [secret] = secrets(values);
    expect(secret.stringData).toEqual({ LITELLM_DB_PASSWORD: 'hunter2', REDIS_URL: 'redis://:hunter3@redis' });
    expect(env(values)).toEqual({
      LITELLM_DB_PASSWORD_FILE: `${DIRECTORY}/database-password`,
      REDIS_URL_FILE: `${DIRECTORY}/redis-url`,
    });
    const elsewhere = render(values).filter(({ kind }) => kind !== 'Secret');
    expect(JSON.stringify(elsewhere)).not.toMatch(/hunter/);
  });

  it('of Secrets that exist are taken by the names of their keys, and no Secret is made', () => {
    const values = {
      database: { host: 'a', existingSecret: '{{ .Release.Name }}-db', existingSecretKeys: { password: 'pw' } },
      redis: { existingSecret: 'redis', existingSecretKey: 'url' },
    };
    expect(secrets(values)).toEqual([]);
    expect(sources(values)).toEqual([
      { secret: { name: 'rel-db', items: [{ key: 'pw', path: 'database-password' }] } },
      { secret: { name: 'redis', items: [{ key: 'url', path: 'redis-url' }] } },
    ]);
  });

  it('in files that something else mounts are named, and nothing is mounted', () => {
    const values = { database: { host: 'a', passwordFile: '/vault/pw' }, redis: { urlFile: '/vault/redis' } };
    expect(env(values)).toEqual({ LITELLM_DB_PASSWORD_FILE: '/vault/pw', REDIS_URL_FILE: '/vault/redis' });
    expect(renderOne('Deployment', values).spec.template.spec.volumes).toBeUndefined();
    expect(secrets(values)).toEqual([]);
  });

  it.each<[string, Values]>([
    ['a value', { url: 'postgresql://u:p@h/d' }],
    ['a Secret', { existingSecret: 's', existingSecretKeys: { password: '', url: 'DATABASE_URL' } }],
    ['a file', { urlFile: '/vault/url' }],
  ])('the whole URL from %s stands alone: no part of it is set beside', (_, database) => {
    expect(Object.keys(env({ database }))).toEqual(['DATABASE_URL_FILE']);
    const settings = renderOne('ConfigMap', { database }).data;
    expect(Object.keys(settings).filter((name) => /^LITELLM_DB_(HOST|PORT|NAME|USER)$/.test(name))).toEqual([]);
  });

  it('and certificates are readable for the group of the pod only', () => {
    const values = { database: { host: 'a', tls: { existingSecret: 'tls', certKey: 'tls.crt', keyKey: 'tls.key' } } };
    const [volume] = renderOne('Deployment', values).spec.template.spec.volumes;
    expect(volume.projected.defaultMode).toBe(0o440);
    expect(env(values)).toEqual({
      LITELLM_DB_SSLROOTCERT: `${DIRECTORY}/database-ca.pem`,
      LITELLM_DB_SSLCERT: `${DIRECTORY}/database-cert.pem`,
      LITELLM_DB_SSLKEY: `${DIRECTORY}/database-key.pem`,
    });
  });

  it('may have their authorities in a ConfigMap', () => {
    const values = {
      database: { host: 'a', tls: { existingConfigMap: 'ca' } },
      redis: { existingSecret: 'r', tls: { existingConfigMap: 'rca' } },
    };
    expect(sources(values)).toEqual([
      expect.objectContaining({ secret: expect.objectContaining({ name: 'r' }) }),
      { configMap: { name: 'ca', items: [{ key: 'ca.crt', path: 'database-ca.pem' }] } },
      { configMap: { name: 'rca', items: [{ key: 'ca.crt', path: 'redis-ca.pem' }] } },
    ]);
  });

  it('name a client certificate for Redis with its key', () => {
    const tls = { existingSecret: 'rtls', certKey: 'tls.crt', keyKey: 'tls.key' };
    expect(env({ redis: { existingSecret: 'r', tls } })).toMatchObject({
      REDIS_TLS_CA: `${DIRECTORY}/redis-ca.pem`,
      REDIS_TLS_CERT: `${DIRECTORY}/redis-cert.pem`,
      REDIS_TLS_KEY: `${DIRECTORY}/redis-key.pem`,
    });
  });
});

describeWith(['helm'], 'the hook that drops the slot', () => {
  const values = {
    database: { host: 'a', password: 'hunter2' },
    redis: { url: 'redis://redis' },
    cleanup: { enabled: true },
  };
  const job = () => renderOne('Job', values);
  const hook = (object: Manifest) => object.metadata.annotations ?? {};

  it('runs after the deletion, once, and not for ever', () => {
    expect(hook(job())).toMatchObject({
      'helm.sh/hook': 'post-delete',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
    });
    expect(job().spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 120 });
    expect(job().spec.template.spec.restartPolicy).toBe('Never');
  });

  it('tells a failure and succeeds all the same', () => {
    expect(job().spec.template.spec.containers[0].command).toEqual(
      expect.arrayContaining(['/app/dist/apps/cli/main.js', 'slot', 'drop', '--best-effort']),
    );
  });

  it('needs nothing that is gone by then: its Secret is a hook that comes before it, settings stand in the Job', () => {
    const own = secrets(values).find(({ metadata }) => metadata.name === 'rel-litellm-exporter-cleanup');
    expect(Number(hook(own)['helm.sh/hook-weight'])).toBeLessThan(Number(hook(job())['helm.sh/hook-weight']));
    const text = JSON.stringify(job().spec.template.spec);
    expect(text).toContain('rel-litellm-exporter-cleanup');
    expect(text).not.toMatch(/configMapRef|serviceAccountName|"name":"rel-litellm-exporter"/);
    expect(job().spec.template.spec.containers[0].env).toContainEqual({ name: 'LITELLM_DB_HOST', value: 'a' });
  });

  it('keeps to the restricted profile', () => {
    const pod = job().spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.containers[0].securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('is not there unless it is asked for', () => {
    expect(renderText({ redis: { existingSecret: 'r' } })).not.toContain('post-delete');
  });
});
