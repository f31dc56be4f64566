export * from './access/gpu-config';
export { CardAccess, filesOf, secretVariablesOf } from './access/card-access';
export { fetchFromCard } from './access/card-fetch';
export * from './access/card-refusal';
export * from './access/device-claim';
export * from './access/socket-warning';
export * from './access/same-server';
export { link, promptGraph, type GraphValue, type PromptGraph } from './prompt-graph';
export { placesOf, stageOf, type NodePlace } from './nodes/node-stages';
export { ComfySocket, type ComfyEvent } from './comfy-socket';
export { samplingCosts } from './nodes/sampling-cost';
export { judgeVersion, oldestTestedVersion } from './comfy-version';
export {
  executionError,
  fileRef,
  type FileRef,
  type HistoryEntry,
  type ObjectInfo,
  type QueueBody,
} from './comfy-messages';
export {
  classifyExecutionError,
  failureKinds,
  infrastructureKinds,
  type Failure,
  type FailureKind,
  type MissingModel,
} from './failure';
export { ComfyClient, type PostOutcome } from './comfy-client';
export { type PreviewFrame } from './comfy-frames';
export { silenceOf } from './comfy-http';
export { toInventory, type GpuStats, type ServerFeatures, type ServerInventory } from './server-inventory';
export { inputsOf, nodeInfo, outputTypes, type InputInfo, type NodeInfo, type NodeInfos } from './nodes/node-info';
export { obeyMs, patienceMs, unheardPatienceMs } from './nodes/node-timeouts';
export { type NodeClass } from './nodes/node-class';
export { modelFolderOf, nodeCatalogue, nodeClassOf, readsInputFile } from './nodes/node-catalogue';
export { packOf, packSource, signsOfAge, type PackName } from './nodes/node-packs';
