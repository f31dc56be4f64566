import type { Folders } from '../files/folders';
import type { Generation } from '../generation';
import { describedInputFiles } from '../object-info/described-files';
import { str } from '../python/text';
import type { CustomCheck } from '../validation/node-validation';
import type { NodeBehaviour } from './node-behaviour';
import type { InputFile } from './node-registration';
import { registeredNodes } from './registered-nodes';

/** What a server of this generation can run, by class. */
export const behavioursFor = (generation: Generation, hasPacks: boolean): Map<string, NodeBehaviour> =>
  new Map(
    registeredNodes
      .filter(({ generations, pack }) => generations.includes(generation.id) && (hasPacks || pack === undefined))
      .map(({ name, behaviourOn }) => [name, behaviourOn(generation)]),
  );

/** VALIDATE_INPUTS of the nodes which name a file. */
export function fileChecks(folders: Folders): Map<string, CustomCheck> {
  const check = ({ input, kind }: InputFile): CustomCheck => ({
    input,
    complaint: (value) => (folders.existsAnnotated(str(value)) ? undefined : `Invalid ${kind} file: ${str(value)}`),
  });
  return new Map(
    [
      ...registeredNodes.flatMap(({ name, inputFile }): [string, InputFile][] =>
        inputFile === undefined ? [] : [[name, inputFile]],
      ),
      ...Object.entries(describedInputFiles),
    ].map(([name, inputFile]) => [name, check(inputFile)]),
  );
}
