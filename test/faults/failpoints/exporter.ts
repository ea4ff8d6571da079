// The exporter as it is, with one point at which it fails: FAILPOINT=<name>@<pass>:<kill|stop|wait-milliseconds>.
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { StateStore } from '@app/aggregates';
import type { ChangeStream, StreamSink } from '@app/change';
import { type SeedSink, Upstream, type UpstreamSession } from '@app/litellm';
import { runExporter } from '../../../apps/exporter/src/run-exporter.js';
import { type FailpointName, readFailpoint } from './failpoint.js';

const failpoint = readFailpoint(process.env.FAILPOINT ?? '');
let passes = 0;

/** Comes by a point; resolves when the program may go on. */
function pass(name: FailpointName): Promise<void> | undefined {
  if (name !== failpoint.name) return undefined;
  passes += 1;
  if (passes !== failpoint.pass) return undefined;
  process.stderr.write(`failpoint: ${name}, ${failpoint.action}\n`);
  if (failpoint.action === 'kill') process.kill(process.pid, 'SIGKILL');
  else if (failpoint.action === 'stop') process.kill(process.pid, 'SIGSTOP');
  else return pause(Number(failpoint.action.slice('wait-'.length)));
  return undefined;
}

/** Puts a method of one object between two points. */
function surround<T extends object, K extends keyof T>(
  object: T,
  method: K,
  [before, after]: [FailpointName, FailpointName],
) {
  const original = object[method] as (...args: unknown[]) => Promise<unknown>;
  const surrounded = async (...args: unknown[]): Promise<unknown> => {
    await pass(before);
    const result = await original.apply(object, args);
    await pass(after);
    return result;
  };
  Object.assign(object, { [method]: surrounded });
}

function watchStore(store: StateStore): void {
  surround(store, 'claim', ['before-claim', 'after-claim']);
  surround(store, 'replace', ['before-replace', 'after-replace']);
  surround(store, 'commit', ['before-store', 'after-store']);
  surround(store, 'durable', ['before-durable', 'after-durable']);
}

function watchSeed(sink: SeedSink): SeedSink {
  return {
    entities: (rows) => {
      void pass('seed-begun');
      sink.entities(rows);
    },
    row: (traits, measures) => sink.row(traits, measures),
    rejected: (reason, rows) => sink.rejected(reason, rows),
    sliceDone: (progress) => {
      sink.sliceDone(progress);
      void pass('slice-read');
    },
    sliceLost: () => sink.sliceLost(),
  };
}

function watchChanges(sink: StreamSink): StreamSink {
  return {
    change: (change) => {
      if (change.kind === 'insert') void pass('row-decoded');
      if (change.kind === 'commit') void pass('commit-decoded');
      sink.change(change);
    },
    keepalive: (walEnd, replyRequested) => sink.keepalive(walEnd, replyRequested),
    closed: (reason) => sink.closed(reason),
  };
}

function watchStream(stream: ChangeStream): ChangeStream {
  const confirm = stream.confirm.bind(stream);
  return Object.assign(stream, {
    confirm: (position: Parameters<typeof confirm>[0]) => {
      void pass('before-confirm');
      confirm(position);
      void pass('after-confirm');
    },
  });
}

function watchSession(session: UpstreamSession): UpstreamSession {
  const seed = session.seed.bind(session);
  const stream = session.stream.bind(session);
  return Object.assign(session, {
    seed: (request: Parameters<typeof seed>[0], sink: SeedSink) => seed(request, watchSeed(sink)),
    stream: async (from: Parameters<typeof stream>[0], sink: StreamSink) =>
      watchStream(await stream(from, watchChanges(sink))),
  });
}

await runExporter((app) => {
  watchStore(app.get(StateStore));
  const upstream = app.get(Upstream);
  const connect = upstream.connect.bind(upstream);
  Object.assign(upstream, {
    connect: async (...request: Parameters<typeof connect>) => watchSession(await connect(...request)),
  });
});
