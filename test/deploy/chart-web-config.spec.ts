import { parseWebConfig } from '@app/config';
import { expect, it } from '@jest/globals';
import { type Manifest, refusalOf, render, renderContainer, renderOne, type Values } from './chart.js';
import { describeWith } from './tools.js';

const HASH = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';
const TLS = { tls_server_config: { cert_file: 'tls.crt', key_file: 'tls.key' } };
const CONTENT = { ...TLS, basic_auth_users: { prometheus: HASH } };
const secretsOf = (values: Values) => render(values).filter(({ kind }) => kind === 'Secret');
const annotationsOf = (values: Values) => renderOne('Deployment', values).spec.template.metadata.annotations;
const web = (content: Manifest): Values => ({ webConfig: { content } });

describeWith(['helm'], 'the web configuration of the chart', () => {
  it('given as values is put into a Secret, which the exporter reads', () => {
    const values = { webConfig: { content: CONTENT, certificateSecret: '{{ .Release.Name }}-tls' } };
    const [secret] = secretsOf(values);
    expect(secret.metadata.name).toBe('rel-litellm-exporter-web');
    const config = parseWebConfig(secret.stringData['web-config.yml'], '/etc/litellm-exporter/web');
    expect([...config.users]).toEqual([['prometheus', HASH]]);
    expect(config.tls?.certFile).toBe('/etc/litellm-exporter/web/tls.crt');
    const elsewhere = render(values).filter(({ kind }) => kind !== 'Secret');
    expect(JSON.stringify(elsewhere)).not.toContain(HASH.slice(7));
    const pod = renderOne('Deployment', values).spec.template.spec;
    expect(pod.volumes[0].projected.sources).toEqual([
      { secret: { name: 'rel-litellm-exporter-web' } },
      { secret: { name: 'rel-tls' } },
    ]);
    expect(pod.containers[0].env).toEqual([
      { name: 'WEB_CONFIG_FILE', value: '/etc/litellm-exporter/web/web-config.yml' },
    ]);
  });

  it('that speaks TLS makes probes, monitors, the test and the notes speak it, without being told', () => {
    const values = { ...web(CONTENT), scrapeConfig: { enabled: true } };
    const container = renderContainer(values);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(container[probe].httpGet.scheme).toBe('HTTPS');
    }
    expect(renderOne('ScrapeConfig', values).spec.scheme).toBe('HTTPS');
    expect(JSON.stringify(renderOne('Pod', values))).toContain('https://rel-litellm-exporter.ns.svc:9090');
    const endpoints = renderOne('ServiceMonitor', { ...web(CONTENT), serviceMonitor: { enabled: true } }).spec
      .endpoints;
    expect(endpoints[0].scheme).toBe('https');
  });

  it('without TLS leaves them as they are', () => {
    const values = { ...web({ basic_auth_users: { prometheus: HASH } }), scrapeConfig: { enabled: true } };
    expect(renderContainer(values).readinessProbe.httpGet.scheme).toBeUndefined();
    expect(renderOne('ScrapeConfig', values).spec.scheme).toBe('HTTP');
  });

  it('makes new pods only for what the exporter can not take on while it runs', () => {
    const more = { ...CONTENT, basic_auth_users: { prometheus: HASH, other: HASH } };
    expect(annotationsOf(web(more))).toEqual(annotationsOf(web(CONTENT)));
    const asking = { ...TLS.tls_server_config, client_auth_type: 'RequestClientCert' };
    expect(annotationsOf(web({ tls_server_config: asking }))).not.toEqual(annotationsOf(web(TLS)));
  });

  it.each<[string, Values]>([
    ['content beside a Secret', { existingSecret: 'web', content: CONTENT }],
    ['a password that is not hashed', { content: { basic_auth_users: { prometheus: 'hunter2' } } }],
    ['an unknown section', { content: { tls_config: {} } }],
  ])('is refused with %s', (_, webConfig) => {
    expect(refusalOf({ database: { host: 'a' }, webConfig })).toMatch(/webConfig/);
  });
});
