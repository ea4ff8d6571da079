import type { ExporterConfig } from '@app/config';
import { MetricsModule, SelfMetrics } from '@app/metrics';
import { PipelineModule, PipelineObserver } from '@app/pipeline';
import { PostgresModule, type Reporter } from '@app/postgres';
import { StoreModule } from '@app/store';
import { type DynamicModule, Module } from '@nestjs/common';
import { BUILD_FACTS } from './build-facts.js';
import { ExporterService } from './exporter.service.js';
import { HealthController } from './http/health.controller.js';
import { MetricsEndpoint } from './http/metrics-endpoint.js';
import { MAX_STALENESS, NewestState } from './http/newest-state.js';
import { METRICS_PATH, StatusController } from './http/status.controller.js';
import { TelemetryServer } from './http/telemetry-server.js';
import type { ExporterLogger } from './report/exporter-logger.js';
import { PipelineReport } from './report/pipeline-report.js';
import { StatusBoard } from './report/status-board.js';
import { aggregateSettings, postgresOptions, type ReadAgain, redisStoreOptions } from './room-options.js';

/** Reports of the pipeline: to the log, the self-metrics and the status page. */
@Module({})
class ReportModule {
  static forRoot(log: ExporterLogger, board: StatusBoard): DynamicModule {
    return {
      module: ReportModule,
      global: true,
      providers: [
        { provide: StatusBoard, useValue: board },
        {
          provide: PipelineObserver,
          inject: [SelfMetrics],
          useFactory: (metrics: SelfMetrics) => new PipelineReport(log, metrics, board),
        },
      ],
      exports: [StatusBoard, PipelineObserver],
    };
  }
}

/** The composition root: every room, wired by one config. */
@Module({})
export class ExporterModule {
  /** @param read gives the config with secrets as their files have them now, for each new connection. */
  static forRoot(config: ExporterConfig, log: ExporterLogger, read: ReadAgain = () => config): DynamicModule {
    const board = new StatusBoard();
    const reporter: Reporter = {
      info: (message: string) => log.log(message, 'postgres'),
      warn: (message: string) => log.warn(message, 'postgres'),
      waitsFor: (hindrance) => board.waitsFor(hindrance),
    };
    const settings = aggregateSettings(config);
    return {
      module: ExporterModule,
      imports: [
        MetricsModule.forRoot({
          build: BUILD_FACTS,
          disabled: config.disabledFamilies.join(','),
          maxSeries: config.maxSeries,
        }),
        ReportModule.forRoot(log, board),
        { ...PostgresModule.register(postgresOptions(config, read), reporter), global: true },
        { ...StoreModule.forRoot({ redis: redisStoreOptions(config, log, read) }), global: true },
        PipelineModule.forRoot({
          settings,
          updateInterval: config.updateInterval,
          maxRetainedBytes: config.replication.maxRetainedBytes,
        }),
      ],
      controllers: [HealthController, StatusController],
      providers: [
        ExporterService,
        MetricsEndpoint,
        NewestState,
        { provide: MAX_STALENESS, useValue: config.stateMaxStaleness },
        TelemetryServer,
        { provide: METRICS_PATH, useValue: config.http.path },
      ],
    };
  }
}
