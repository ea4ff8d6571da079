import { type ExporterConfig, loadConfig } from '@app/config';
import type pg from 'pg';

/** Where the database is. */
export interface ConnectionSettings {
  readonly client: pg.PoolConfig;
  readonly schema: string;
  /** For people: without the password. */
  readonly shown: string;
}

/** The settings that say where the database is; all others are the exporter's business. */
const ABOUT_THE_DATABASE = /^(DATABASE_URL|LITELLM_DB_\w+)$/;

/**
 * The way to the database, as the exporter's settings give it; a URL of the command line stands for all of them.
 *
 * @throws ConfigInvalid with everything that is wrong
 */
export function connectionSettings(
  env: Readonly<Record<string, string | undefined>>,
  databaseUrl: string | undefined,
): ConnectionSettings {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => ABOUT_THE_DATABASE.test(name)));
  const { database } = loadConfig(databaseUrl === undefined ? own : { DATABASE_URL: databaseUrl });
  return {
    schema: database.schema,
    shown: `${database.user}@${database.host}:${database.port}/${database.name}`,
    client: {
      host: database.host,
      port: database.port,
      database: database.name,
      user: database.user,
      ...(database.password === null ? {} : { password: database.password }),
      ssl: sslOf(database.ssl),
      application_name: 'litellm-simulator',
    },
  };
}

type Ssl = ExporterConfig['database']['ssl'];

/** `prefer` is taken as plain: the simulator is for databases of its own. */
function sslOf({ mode, rootCert, cert, key }: Ssl): NonNullable<pg.PoolConfig['ssl']> {
  if (mode === 'disable' || mode === 'prefer') return false;
  return {
    rejectUnauthorized: mode !== 'require' || rootCert !== null,
    ...(rootCert === null ? {} : { ca: rootCert.pem }),
    ...(cert === null ? {} : { cert: cert.pem }),
    ...(key === null ? {} : { key: key.pem }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
