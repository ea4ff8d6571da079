import { anyText, host, identifier, integer, oneOf, port } from './forms.js';
import { setting } from './setting.js';

/** How the way to PostgreSQL is secured, in libpq's words. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

const group = 'PostgreSQL';

/** Where LiteLLM's database is. */
export const databaseSettings = {
  DATABASE_URL: setting({
    group,
    schema: anyText,
    default: null,
    accepted: 'postgresql://user:password@host:port/database, with reserved characters percent-encoded',
    secret: true,
    description:
      "LiteLLM's own connection URL, instead of `LITELLM_DB_HOST`, `_PORT`, `_NAME`, `_USER` and `_PASSWORD`. " +
      '`?schema=`, `?sslmode=` and `?host=` are honoured, parameters that only Prisma knows are left out. ' +
      'It must lead to the server itself, not to a pooler.',
  }),
  LITELLM_DB_HOST: setting({
    group,
    schema: host,
    default: 'localhost',
    accepted: 'a host name, an IP address or the directory of a Unix socket; the port goes into LITELLM_DB_PORT',
    secret: false,
    description: 'Host of the database; a path is the directory of a Unix socket.',
  }),
  LITELLM_DB_PORT: setting({
    group,
    schema: port,
    default: '5432',
    accepted: 'a port, 1 to 65535',
    secret: false,
    description: 'Port of the database.',
  }),
  LITELLM_DB_NAME: setting({
    group,
    schema: identifier,
    default: 'litellm',
    accepted: 'a database name of 1 to 63 bytes',
    secret: false,
    description: 'Name of the database.',
  }),
  LITELLM_DB_USER: setting({
    group,
    schema: identifier,
    default: 'postgres',
    accepted: 'a role name of 1 to 63 bytes',
    secret: false,
    description: 'Role to log in with; POSTGRES_SETUP.md#role says what it needs.',
  }),
  LITELLM_DB_PASSWORD: setting({
    group,
    schema: anyText,
    default: null,
    accepted: 'any text',
    secret: true,
    description: "The role's password.",
  }),
  LITELLM_DB_SCHEMA: setting({
    group,
    schema: identifier,
    default: 'public',
    accepted: 'a schema name of 1 to 63 bytes',
    secret: false,
    description: "Schema of LiteLLM's tables.",
  }),
  LITELLM_DB_SSLMODE: setting({
    group,
    schema: oneOf(...SSL_MODES),
    default: 'prefer',
    accepted: 'one of disable, prefer, require, verify-ca, verify-full',
    secret: false,
    description: "TLS to the database, in libpq's words.",
  }),
  LITELLM_DB_SSLROOTCERT: setting({
    group,
    schema: anyText,
    default: null,
    accepted: 'the path of a readable PEM file',
    secret: false,
    description: "File with the certificate authorities that may have signed the server's certificate (PEM).",
  }),
  LITELLM_DB_SSLCERT: setting({
    group,
    schema: anyText,
    default: null,
    accepted: 'the path of a readable PEM file, together with LITELLM_DB_SSLKEY',
    secret: false,
    description: 'File with the client certificate (PEM).',
  }),
  LITELLM_DB_SSLKEY: setting({
    group,
    schema: anyText,
    default: null,
    accepted: 'the path of a readable PEM file, together with LITELLM_DB_SSLCERT',
    secret: false,
    description: 'File with the key of the client certificate (PEM, not encrypted).',
  }),
  DB_MIN_CONNECTIONS: setting({
    group,
    schema: integer(0, 1_000),
    default: '1',
    accepted: 'a whole number, 0 to 1000',
    secret: false,
    description: 'Connections that the pool for seed and single-row reads keeps open.',
  }),
  DB_MAX_CONNECTIONS: setting({
    group,
    schema: integer(1, 1_000),
    default: '10',
    accepted: 'a whole number, 1 to 1000, not below DB_MIN_CONNECTIONS',
    secret: false,
    description: 'Connections that this pool may open. The replication connection is not one of them.',
  }),
} as const;
