import { helperWeights } from '../card/model-weights';
import { PyError } from '../python/errors';
import {
  ContextOptionsValue,
  ModelValue,
  MotionLoraValue,
  MotionModelsValue,
  MotionModelValue,
  type MotionModule,
} from './model-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';

/** Positions that modules were trained with: 24 in the first version, 32 in the later ones. */
const mostFramesOf = (file: string): number => (/v14|v15(?!_v2)/i.test(file) && !/v2|v3/i.test(file) ? 24 : 32);
/** Told from the name, as the families of checkpoints are. */
const architectureOf = (file: string): string => (/xl|hotshot/i.test(file) ? 'SDXL' : 'SD1.5');

async function loadModule(call: NodeCall): Promise<MotionModule> {
  const file = call.text('model_name');
  const weights = helperWeights(file);
  await call.runtime.readModel(file, weights.bytes * 2);
  return { file, loras: [], weights, mostFrames: mostFramesOf(file) };
}

const withLoras = (module: MotionModule, lora: MotionLoraValue | undefined): MotionModule =>
  lora === undefined ? module : { ...module, loras: [...module.loras, ...lora.loras] };

/** Throws MotionCompatibilityError for a checkpoint of another architecture. */
function hooked(call: NodeCall, module: MotionModule | undefined): ModelValue {
  const model = call.value('model', ModelValue);
  const windows = call.optional('context_options', ContextOptionsValue)?.windows;
  const intended = module === undefined ? model.family.title : architectureOf(module.file);
  if (module !== undefined && intended !== model.family.title) {
    throw new PyError(
      'MotionCompatibilityError',
      `Motion module '${module.file}' is intended for ${intended} models, but the ` +
        `provided model is type ${model.family.title}.`,
    );
  }
  return model.with({
    ...(module === undefined ? {} : { motion: module }),
    ...(windows === undefined ? {} : { windows }),
  });
}

export const animateDiffLoaderGen1: NodeBehaviour = {
  functionName: 'AnimateDiffLoaderGen1.load_mm_and_inject_params',
  async run(call) {
    const module = withLoras(await loadModule(call), call.optional('motion_lora', MotionLoraValue));
    return { outputs: [hooked(call, module)] };
  },
};

export const loadMotionModel: NodeBehaviour = {
  functionName: 'LoadAnimateDiffModelNode.load_motion_model',
  run: async (call) => ({ outputs: [new MotionModelValue(await loadModule(call))] }),
};

/** A module outside its range of steps does nothing; half a range still moves the pictures. */
export const applyMotionModel: NodeBehaviour = {
  functionName: 'ApplyAnimateDiffModelNode.apply_motion_model',
  run(call) {
    const { module } = call.value('motion_model', MotionModelValue);
    const before = call.optional('prev_m_models', MotionModelsValue)?.modules ?? [];
    const isOut = call.has('start_percent') && call.float('start_percent') >= call.float('end_percent');
    const applied = withLoras(module, call.optional('motion_lora', MotionLoraValue));
    return { outputs: [new MotionModelsValue(isOut ? before : [...before, applied])] };
  },
};

export const useEvolvedSampling: NodeBehaviour = {
  functionName: 'UseEvolvedSamplingNode.use_evolved_sampling',
  run(call) {
    const modules = call.optional('m_models', MotionModelsValue)?.modules ?? [];
    return { outputs: [hooked(call, modules.at(-1))] };
  },
};

export const motionLoraLoader: NodeBehaviour = {
  functionName: 'AnimateDiffLoraLoader.load_motion_lora',
  run(call) {
    const before = call.optional('prev_motion_lora', MotionLoraValue)?.loras ?? [];
    return { outputs: [new MotionLoraValue([...before, `${call.text('name')}@${call.float('strength')}`])] };
  },
};
