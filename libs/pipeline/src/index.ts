export { AcknowledgementLedger } from './acknowledgement.js';
export { whyNothingToServe } from './following.js';
export { PipelineObserver, type SlotFigures } from './observer.js';
export { PipelineModule, type PipelineModuleOptions } from './pipeline.module.js';
export {
  decideStart,
  OTHER_SOURCE_REMEDY,
  otherSource,
  type SeedReason,
  type StartDecision,
  type StartSituation,
} from './start-decision.js';
export { type Pacing, Supervisor, type SupervisorOptions } from './supervisor.js';
