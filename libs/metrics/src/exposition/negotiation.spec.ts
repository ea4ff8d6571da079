import { describe, expect, it } from '@jest/globals';
import { acceptsGzip, negotiateFormat } from './negotiation.js';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const TEXT_1 = 'text/plain; version=1.0.0; charset=utf-8; escaping=';
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=';

const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
const PROTOBUF_FIRST = `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,${PROMETHEUS_3}`;
const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

describe('negotiateFormat', () => {
  it.each([
    ['no header', undefined, TEXT],
    ['an empty header', '', TEXT],
    ['anything', '*/*', TEXT],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
    ['Prometheus 3', PROMETHEUS_3, `${OPEN}allow-utf-8`],
    ['Prometheus 3 with protobuf first', PROTOBUF_FIRST, `${OPEN}allow-utf-8`],
    ['Prometheus 2', PROMETHEUS_2, `${OPEN}underscores`],
    ['text 0.0.4 alone', 'text/plain;version=0.0.4', TEXT],
    ['text without version', 'text/plain', TEXT],
    ['text 1.0.0', 'text/plain;version=1.0.0;escaping=dots', `${TEXT_1}dots`],
    ['a higher quality for text', 'application/openmetrics-text;q=0.2,text/plain;version=0.0.4;q=0.9', TEXT],
    ['equal qualities: the earlier one', 'application/openmetrics-text,text/plain', `${OPEN}underscores`],
    ['a quality of 0', 'application/openmetrics-text;q=0,*/*;q=0.1', TEXT],
    ['an old OpenMetrics alone', 'application/openmetrics-text;version=0.0.1', TEXT],
    ['an unsupported type alone', 'application/json', TEXT],
    ['an unknown scheme', 'application/openmetrics-text;version=1.0.0;escaping="x\r\ny"', `${OPEN}underscores`],
    ['quotes, case and spaces', 'Application/OpenMetrics-Text ; Version="1.0.0" ; Q=1', `${OPEN}underscores`],
    ['a broken quality', 'application/openmetrics-text;q=high,text/plain;version=0.0.4;q=0.1', TEXT],
    ['a broken header', ';;,=,q', TEXT],
  ])('answers %s', (_, accept, contentType) => {
    expect(negotiateFormat(accept).contentType).toBe(contentType);
  });

  it('chooses the dialect along with the type', () => {
    expect(negotiateFormat(PROMETHEUS_3).dialect).toBe('openmetrics');
    expect(negotiateFormat('text/plain;version=1.0.0').dialect).toBe('text');
  });
});

describe('acceptsGzip', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['gzip;q=0, *;q=1', false],
    ['*', true],
    ['identity', false],
    ['br;q=1.0, GZIP;q=0.5', true],
  ])('%p gives %p', (header, accepted) => {
    expect(acceptsGzip(header)).toBe(accepted);
  });
});
