import type { ExporterConfig } from '@app/config';
import type { ServerOptions } from '@app/postgres';

/** Where the exporter's settings say that PostgreSQL is. */
export function serverOptions({ database }: ExporterConfig): ServerOptions {
  const { ssl } = database;
  return {
    host: database.host,
    port: database.port,
    database: database.name,
    user: database.user,
    password: database.password ?? undefined,
    sslMode: ssl.mode,
    sslRootCert: ssl.rootCert?.pem,
    sslCert: ssl.cert?.pem,
    sslKey: ssl.key?.pem,
  };
}
