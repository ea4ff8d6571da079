import pg from 'pg';
import { startPostgres } from '/work/wt/state/test/support/postgres-server.ts';
import { startRedis } from '/work/wt/state/test/support/redis-server.ts';
import { startExporter } from '/work/wt/state/test/support/exporter-process.ts';
import { Simulator } from '/work/wt/state/apps/simulator/src/index.ts';
const server = await startPostgres({ flavor: 'debian-15' }); const redis = await startRedis();
const database = await server.createDatabase(); const pool = new pg.Pool({ connectionString: server.url(database), max: 1 }); pool.on('error', () => {});
const sim = new Simulator(pool, { seed: 'x' }); await sim.createTables(); await sim.seedWorld();
const env = { DATABASE_URL: server.url(database), REDIS_URL: redis.url };
const up = async () => { const e = await startExporter({ env }); await e.awaitReady(60000); return e; };
let all = [await up(), await up(), await up()];
const slotPid = async () => (await pool.query(`SELECT active_pid FROM pg_replication_slots`)).rows[0]?.active_pid;
for (const how of ['SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGTERM', 'SIGKILL']) {
  await sim.writeBatch(20); await new Promise(r => setTimeout(r, 1500));
  let leader; for (const e of all) if ((await e.scrape()).value('litellm_exporter_leader', {}) === 1) leader = e;
  const old = await slotPid();
  const marks = all.map(e => e.logs.length);
  const t0 = Date.now(); leader.signal(how); let freed, gone; leader.ended.then(() => gone = Date.now() - t0);
  for (;;) { const pid = await slotPid(); if (pid !== old && freed === undefined) freed = Date.now() - t0; if (pid && pid !== old) break; await new Promise(r => setTimeout(r, 5)); }
  console.log(how, 'walsender gone', freed, 'ms; process gone', gone, 'ms; another START_REPLICATION after', Date.now() - t0, 'ms');
  all.forEach((e, i) => e.logs.slice(marks[i]).forEach(l => console.log('   ', i, l.slice(0, 150), new Date(t0).toISOString().slice(17))));
  all = all.filter(e => e !== leader); all.push(await up());
}
for (const e of all) await e.stop(); await pool.end(); await server[Symbol.asyncDispose](); await redis[Symbol.asyncDispose](); process.exit(0);
