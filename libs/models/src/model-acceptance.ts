import { existsSync, readFileSync } from 'node:fs';
import { modelChoices, type ModelFamily } from '@tower/contracts';
import { AppError, describeError, parseInput } from '@tower/kit';
import { parse as parseYaml } from 'yaml';

/** What the operator has said yes to, and what he says of checkpoints, in `config/models.yaml`. */
export class ModelAcceptance {
  constructor(
    readonly accepted: readonly string[],
    /** By file, with or without its folder. */
    readonly families: Readonly<Record<string, ModelFamily>> = {},
  ) {}

  /** @throws AppError `model_choices_invalid` saying what is wrong and where */
  static read(file: string): ModelAcceptance {
    if (!existsSync(file)) return new ModelAcceptance([]);
    let content: unknown;
    try {
      content = parseYaml(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new AppError('invalid', 'model_choices_invalid', `${file} is not valid YAML: ${describeError(error)}`, {
        cause: error,
      });
    }
    const choices = parseInput(modelChoices, content, {
      code: 'model_choices_invalid',
      message: `${file} does not say what is accepted`,
    });
    return new ModelAcceptance(choices?.accepted ?? [], choices?.families ?? {});
  }

  /** A line of the file is a licence, or one of the names that the model goes by. */
  covers(licence: string, names: readonly string[]): boolean {
    return this.accepted.some((line) => line === licence || names.includes(line));
  }
}
