import type { FieldError, GenerateRequest } from '@tower/contracts';
import { alternativesFault } from '../workflows/values/alternatives';
import { takeLoraTags, type LoraTag } from './lora-tags';

/** What a character adds to a prompt. */
export interface PromptPart {
  name?: string;
  prompt: string;
  negative_tokens: readonly string[];
}

/** A LoRA that a text of the request or of a character names. */
export interface NamedLora extends LoraTag {
  /** Where in the request the text stands, or what brought it. */
  pointer: string;
}

/** The texts of a job, put together once: what names LoRAs is taken out, alternatives are still in. */
export interface AssembledPrompt {
  positive: string;
  negative: string;
  loras: NamedLora[];
  errors: FieldError[];
}

type Asked = Pick<GenerateRequest, 'prompt' | 'negative_prompt' | 'dynamic_prompts'>;

/** Reads one text after the other and gathers what they name and what is wrong with them. */
export class PromptReader {
  readonly loras: NamedLora[] = [];
  readonly errors: FieldError[] = [];

  constructor(private readonly alternatives: boolean) {}

  /** The text without what is no text. `whose`: said where the pointer alone does not say what is meant. */
  read(written: string, pointer: string, whose = ''): string {
    const { text, tags, faults } = takeLoraTags(written, this.alternatives);
    const fault = this.alternatives ? (alternativesFault(text) ?? partOfName(text)) : undefined;
    for (const message of [...faults, ...(fault === undefined ? [] : [fault])])
      this.errors.push({ pointer, message: `${whose}${message}` });
    this.loras.push(...tags.map((tag) => ({ ...tag, pointer })));
    return text;
  }
}

/** Only names that are there whole can be looked for before anything is rendered. */
const partOfName = (text: string): string | undefined =>
  /embedding:[^\s,()|{}<>:]*\{/.test(text)
    ? 'has alternatives inside of the name of an embedding; write {embedding:a|embedding:b}'
    : undefined;

/**
 * Characters first, then what was asked; empty parts leave no comma behind, and negative words of characters stand
 * there once.
 */
export function assemblePrompt(request: Asked, characters: readonly PromptPart[]): AssembledPrompt {
  const reader = new PromptReader(request.dynamic_prompts);
  const join = (parts: readonly string[]): string =>
    parts
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .join(', ');
  const ofCharacters = characters.map(({ name, prompt }, index) =>
    reader.read(prompt, `/character_ids/${index}`, whose('prompt', name)),
  );
  const negatives = characters.flatMap(({ name, negative_tokens: tokens }, index) =>
    tokens.map((token) => reader.read(token, `/character_ids/${index}`, whose('negative tokens', name))),
  );
  return {
    positive: join([...ofCharacters, reader.read(request.prompt, '/prompt')]),
    negative: join([reader.read(request.negative_prompt, '/negative_prompt'), ...new Set(negatives)]),
    loras: reader.loras,
    errors: reader.errors,
  };
}

const whose = (what: string, name: string | undefined): string =>
  `names a character whose ${what}${name === undefined ? '' : ` (${name})`} `;
