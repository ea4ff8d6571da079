import { ExporterFailure } from '@app/change';

/**
 * Several failures of one preflight as one, so that all of them can be mended at once: kind and section are the first one's,
 * the messages follow each other, and the explanation gives each with its own remedy. Null where there is none.
 */
export function failuresAsOne(failures: readonly ExporterFailure[]): ExporterFailure | null {
  const [first, ...others] = failures;
  if (first === undefined || others.length === 0) return first ?? null;
  const remedies = failures.flatMap(({ remedy }) => remedy ?? []);
  return new ExporterFailure({
    kind: first.kind,
    message: failures.map(({ message }) => message).join('; '),
    remedy: remedies.length === 0 ? undefined : remedies.join('\n'),
    section: first.section,
    parts: failures,
  });
}
