import type { Change, ChangeStream, Lsn, StreamSink } from '@app/change';
import { Observable } from 'rxjs';

/** What an open stream says, in the order of the wire. */
export type StreamEvent =
  | { readonly kind: 'opened'; readonly stream: ChangeStream }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'keepalive'; readonly walEnd: Lsn; readonly replyRequested: boolean };

/**
 * A stream as an Observable: subscribing opens it, unsubscribing closes it. It errors when the stream breaks, and
 * completes when it was closed from here.
 */
export function streamEvents(open: (sink: StreamSink) => Promise<ChangeStream>): Observable<StreamEvent> {
  return new Observable((subscriber) => {
    let stream: ChangeStream | null = null;
    const sink: StreamSink = {
      change: (change) => subscriber.next({ kind: 'change', change }),
      keepalive: (walEnd, replyRequested) => subscriber.next({ kind: 'keepalive', walEnd, replyRequested }),
      closed: (reason) => (reason === null ? subscriber.complete() : subscriber.error(reason)),
    };
    open(sink).then(
      (opened) => {
        stream = opened;
        if (subscriber.closed) void opened.close();
        else subscriber.next({ kind: 'opened', stream: opened });
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => void stream?.close();
  });
}
