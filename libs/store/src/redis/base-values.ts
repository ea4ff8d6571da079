import type {
  CounterValue,
  EntityOperation,
  HistogramValue,
  ReplacedToken,
  SeriesDefinition,
  SeriesKind,
  StateRecord,
} from '@app/aggregates';
import { ByteReader } from './codec/bytes.js';
import { PACKER } from './codec/record.js';
import { readSums } from './codec/sums.js';

/** Fields of one hash. */
type Fields = Iterable<readonly [field: string, value: Buffer]>;

/** No series has a NUL in its key: this name is taken by none. */
const PLACEHOLDER: { readonly kind: SeriesKind; readonly key: readonly string[] } = {
  kind: 'model_group',
  key: ['\0'],
};

/** Reads the hash of single values: figures, presence of tables, folded series, and the largest id. */
export function decodeSingles(fields: Fields): Partial<StateRecord> {
  const groups: Record<string, Record<string, unknown>> = { figure: {}, present: {}, folded: {} };
  let lastId: SeriesDefinition[] = [];
  for (const [field, value] of fields) {
    const [group = '', name = ''] = splitOnce(field, ':');
    const content: unknown = PACKER.unpack(value);
    const into = groups[group];
    if (into !== undefined) into[name] = content;
    // Ids are never given out twice, not even after the last series that bore one has gone: define it, and drop it.
    else if (field === 'last_id') lastId = [{ id: content as number, ...PLACEHOLDER }];
  }
  return {
    figures: groups.figure as StateRecord['figures'],
    present: groups.present as StateRecord['present'],
    folded: groups.folded as StateRecord['folded'],
    defined: lastId,
    dropped: lastId.map(({ id }) => id),
  };
}

/** Reads a hash of counters, histograms, replaced tokens or entities. */
export function decodeValues(
  content: 'counters' | 'histograms' | 'tokens' | 'entities',
  fields: Fields,
): Partial<StateRecord> {
  switch (content) {
    case 'counters':
      return { counters: Array.from(fields, decodeCounter) };
    case 'histograms':
      return { histograms: Array.from(fields, decodeHistogram) };
    case 'tokens':
      return { replacedTokens: Array.from(fields, decodeToken) };
    case 'entities':
      return { entities: Array.from(fields, ([, value]) => decodeEntity(value)) };
  }
}

function decodeCounter([field, value]: readonly [string, Buffer]): CounterValue {
  const [kind, ...labels] = JSON.parse(field) as [CounterValue['kind'], ...string[]];
  const sum: number[] = [];
  readSums(new ByteReader(value), 1, sum);
  return { kind, labels, value: [sum[0] as number, sum[1] as number] };
}

function decodeHistogram([field, value]: readonly [string, Buffer]): HistogramValue {
  const [kind, ...labels] = JSON.parse(field) as [HistogramValue['kind'], ...string[]];
  const [buckets, sum] = PACKER.unpack(value) as [HistogramValue['buckets'], HistogramValue['sum']];
  return { kind, labels, buckets, sum };
}

function decodeToken([old, value]: readonly [string, Buffer]): ReplacedToken {
  const [current, since] = PACKER.unpack(value) as [string, number];
  return [old, current, since];
}

function decodeEntity(value: Buffer): EntityOperation {
  return { op: 'put', entity: PACKER.unpack(value) as Extract<EntityOperation, { op: 'put' }>['entity'] };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
