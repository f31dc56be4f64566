import { ModelValue } from './model-value';
import type { NodeBehaviour } from './node-behaviour';

/** Another noise schedule gives another picture; the schedule a network has by itself changes nothing. */
export const modelSampling = (input: string, standard: number): NodeBehaviour => ({
  run(call) {
    const model = call.value('model', ModelValue);
    const value = call.float(input);
    return { outputs: [value === standard ? model : model.with({ loras: [...model.loras, `${input} ${value}`] })] };
  },
});
