import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { askPostgres } from './ask-postgres.js';
import type { Needs } from './needs.js';

/** A standby from a cold copy, as pg_basebackup would make it from a warm one. */
export async function follow(
  primary: PostgresServer,
  { flavor = 'debian-15', standby = {}, postgres }: Needs,
): Promise<PostgresServer> {
  const { primary_slot_name: slot } = standby;
  if (slot !== undefined) await askPostgres(primary, `SELECT pg_create_physical_replication_slot('${slot}', true)`);
  await primary.stop('fast');
  const settings = {
    track_commit_timestamp: 'on',
    ...postgres,
    primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password='${primary.password}' dbname=postgres`,
    hot_standby_feedback: 'on',
    wal_retrieve_retry_interval: '500ms',
    ...standby,
  };
  const copy = startPostgres({ flavor, settings, from: { dataDirectory: primary.dataDirectory, standby: true } });
  const server = await copy;
  await primary.start();
  return server;
}
