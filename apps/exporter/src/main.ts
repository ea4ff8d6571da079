import 'reflect-metadata';
import { ExporterFailure } from '@app/change';
import { CONFIG_INVALID_EXIT_CODE } from '@app/config';
import { runExporter } from './run-exporter.js';

runExporter().catch((error: unknown) => {
  const wrongSetting = error instanceof ExporterFailure && error.kind === 'setting-invalid';
  process.stderr.write(
    `${error instanceof ExporterFailure ? error.explain() : String((error as Error).stack ?? error)}\n`,
  );
  process.exit(wrongSetting ? CONFIG_INVALID_EXIT_CODE : 1);
});
