import { existsSync, readFileSync } from 'node:fs';
import { generationManifest, type GenerationModel } from '@tower/contracts';
import { AppError, describeError, parseInput } from '@tower/kit';
import { parse as parseYaml } from 'yaml';

/**
 * The generation models of `models/manifest.yaml`; a file that is not there lists none.
 * @throws AppError `model_manifest_invalid` saying what is wrong and where
 */
export function readModelManifest(file: string): GenerationModel[] {
  if (!existsSync(file)) return [];
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new AppError('invalid', 'model_manifest_invalid', `${file} is not valid YAML: ${describeError(error)}`, {
      cause: error,
    });
  }
  return (
    parseInput(generationManifest, content, {
      code: 'model_manifest_invalid',
      message: `${file} is not a valid list of models`,
    }).generation ?? []
  );
}
