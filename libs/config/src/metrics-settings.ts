import {
  anyText,
  buckets,
  DURATION_BOUNDS,
  duration,
  familyPatterns,
  host,
  integer,
  MOST_BUCKETS,
  matching,
  oneOf,
  port,
  regularExpression,
} from './forms.js';
import { setting } from './setting.js';

const LENGTH_OF_TIME = `a length of time from ${DURATION_BOUNDS}, like 30d, 24h or 90m`;
const BOUNDS = `at most ${MOST_BUCKETS} positive numbers in ascending order, comma-separated`;
const MOST_SERIES = 100_000_000;

/** What the metrics say. */
export const metricsSettings = {
  METRICS_SPEND_WINDOW: setting({
    group: 'Metrics',
    schema: duration,
    default: '30d',
    accepted: LENGTH_OF_TIME,
    secret: false,
    description: 'Window of the spend and token families.',
  }),
  METRICS_REQUEST_WINDOW: setting({
    group: 'Metrics',
    schema: duration,
    default: '24h',
    accepted: LENGTH_OF_TIME,
    secret: false,
    description: 'Window of the request and cache families.',
  }),
  METRICS_ERROR_WINDOW: setting({
    group: 'Metrics',
    schema: duration,
    default: '1h',
    accepted: LENGTH_OF_TIME,
    secret: false,
    description: 'Window of the error families.',
  }),
  METRICS_UPDATE_INTERVAL: setting({
    group: 'Metrics',
    schema: integer(1, 3_600),
    default: '15',
    accepted: 'a number of seconds, 1 to 3600',
    secret: false,
    description:
      'Seconds between two looks at the slot, and at LiteLLM’s tables and columns. Rows and windows show within a second regardless.',
  }),
  METRICS_DISABLED: setting({
    group: 'Metrics',
    schema: familyPatterns,
    default: null,
    accepted: 'names of metric families, comma-separated, with * for any characters',
    secret: false,
    description: 'Families to leave out, like `litellm_tag_spend,litellm_current_*`.',
  }),
  METRICS_MAX_SERIES_PER_METRIC: setting({
    group: 'Metrics',
    schema: integer(0, MOST_SERIES),
    default: '100000',
    accepted: `a whole number up to ${MOST_SERIES}, or 0 for no limit`,
    secret: false,
    description: 'Label sets a family may have; the smallest of the rest are folded into `other`. 0 is no limit.',
  }),
  METRICS_TAG_EXCLUDE: setting({
    group: 'Metrics',
    schema: regularExpression,
    default: '^User-Agent: ',
    accepted: 'a regular expression (JavaScript), or empty to keep all tags',
    secret: false,
    description: 'Request tags that match are left out. Set it to nothing to keep all.',
    emptyIsValue: true,
  }),
  METRICS_DURATION_BUCKETS: setting({
    group: 'Metrics',
    schema: buckets,
    default: '0.1,0.25,0.5,1,2.5,5,10,20,30,60,120,300,600',
    accepted: BOUNDS,
    secret: false,
    description: 'Upper bounds of `litellm_request_duration_seconds`, in seconds.',
  }),
  METRICS_TTFT_BUCKETS: setting({
    group: 'Metrics',
    schema: buckets,
    default: '0.05,0.1,0.25,0.5,1,2.5,5,10,30,60',
    accepted: BOUNDS,
    secret: false,
    description: 'Upper bounds of `litellm_time_to_first_token_seconds`, in seconds.',
  }),
} as const;

/** Where the metrics are served. */
export const httpSettings = {
  METRICS_HOST: setting({
    group: 'HTTP',
    schema: host,
    default: null,
    defaultInWords: 'all addresses',
    accepted: 'a host name or an IP address',
    secret: false,
    description: 'Address to listen on.',
  }),
  METRICS_PORT: setting({
    group: 'HTTP',
    schema: port,
    default: '9090',
    accepted: 'a port, 1 to 65535',
    secret: false,
    description: 'Port to listen on.',
  }),
  METRICS_PATH: setting({
    group: 'HTTP',
    schema: matching(/^(?!\/(livez|readyz|healthz|status\.json)$)(\/[A-Za-z0-9._~-]+)+$/),
    default: '/metrics',
    accepted: 'a path like /metrics, other than /livez, /readyz, /healthz and /status.json',
    secret: false,
    description: 'Path of the metrics.',
  }),
  TELEMETRY_PORT: setting({
    group: 'HTTP',
    schema: port,
    default: null,
    accepted: 'a port, 1 to 65535',
    secret: false,
    description:
      'Port of its own for what concerns this process alone (memory, event loop), scraped pod by pod; set it with several replicas, whose METRICS_PORT then shows only what is equal on all of them.',
  }),
  WEB_CONFIG_FILE: setting({
    group: 'HTTP',
    schema: anyText,
    default: null,
    accepted: 'the path of a file in the format of the Prometheus exporter toolkit',
    secret: false,
    description:
      "TLS, client certificates and basic authentication of both ports, in the format of Prometheus' own `--web.config.file`; read again when it changes. docs/DEPLOYMENT.md#security-of-the-endpoint has the keys.",
  }),
} as const;

/** The words of {@link logSettings}' LOG_LEVEL that are other programs' names for ours. */
export const LOG_LEVEL_SYNONYMS = { warning: 'warn', critical: 'error', fatal: 'error' } as const;

/** What is written to the log. */
export const logSettings = {
  LOG_LEVEL: setting({
    group: 'Log',
    schema: matching(/^(debug|info|warn|warning|error|critical|fatal)$/i),
    default: 'info',
    accepted: 'one of debug, info, warn, error (or WARNING and CRITICAL, as the polling exporter had them)',
    secret: false,
    description: 'Least severe messages that are written, in any case.',
  }),
  LOG_FORMAT: setting({
    group: 'Log',
    schema: oneOf('text', 'json'),
    default: 'text',
    accepted: 'text or json',
    secret: false,
    description: 'Lines for people, or one JSON object a line.',
  }),
} as const;
