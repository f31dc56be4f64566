import { depthAt } from '../workflows/values/alternatives';

/** A LoRA that a prompt names in the manner of other tools. */
export interface LoraTag {
  name: string;
  strengthModel: number;
  strengthClip: number;
  /** As it was written. */
  tag: string;
}

interface TextWithoutTags {
  text: string;
  tags: LoraTag[];
  /** What cannot be read or is not known here, in words that follow the text's name. */
  faults: string[];
}

/** `lyco` is what some tools called files that ComfyUI loads as LoRAs. */
const anyTag = /<(lora|lyco|hypernet)\s*:([^<>]*)>/gi;
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
/** As `lora_models` bounds them. */
const strongest = 10;

/**
 * Takes `<lora:name>`, `<lora:name:weight>` and `<lora:name:model weight:text encoder weight>` out of a prompt. The
 * order of the two weights is that of ComfyUI's loader and its packs.
 *
 * @param alternatives  whether braces have a meaning here; a LoRA inside of them is refused, because a job's LoRAs
 *   hold for all its results
 */
export function takeLoraTags(text: string, alternatives: boolean): TextWithoutTags {
  const tags: LoraTag[] = [];
  const faults: string[] = [];
  let rest = '';
  let from = 0;
  for (const match of text.matchAll(anyTag)) {
    rest = joined(rest, text.slice(from, match.index));
    from = match.index + match[0].length;
    const fault =
      alternatives && depthAt(text, match.index) > 0
        ? 'stands inside of alternatives: LoRAs hold for all results of a job, so name ' +
          'it outside of the braces, or ask for several jobs'
        : undefined;
    const read = fault ?? readTag(match[0], match[1] ?? '', match[2] ?? '');
    if (typeof read === 'string') faults.push(`has ${match[0]}, which ${read}`);
    else tags.push(read);
  }
  rest = joined(rest, text.slice(from));
  const open = /<(?:lora|lyco|hypernet)\s*:[^<>]*$|<(?:lora|lyco|hypernet)\s*:[^<>]*</i.exec(rest)?.[0];
  if (open !== undefined) faults.push(`has ${open.slice(0, 60)}, which has no >`);
  return { text: from === 0 ? text : rest.trim(), tags, faults };
}

function readTag(tag: string, kind: string, body: string): LoraTag | string {
  if (kind.toLowerCase() === 'hypernet') return 'is a hypernetwork; workflows here take LoRAs only';
  const [name = '', ...weights] = body.split(':').map((part) => part.trim());
  if (name === '') return 'names no file';
  if (weights.length > 2 || !weights.every((weight) => number.test(weight)))
    return 'is not of the form <lora:name>, <lora:name:0.8> or <lora:name:0.8:0.6> (model, text encoder)';
  const [model = 1, clip = model] = weights.map(Number);
  if (Math.abs(model) > strongest || Math.abs(clip) > strongest)
    return `has a weight outside -${strongest} to ${strongest}`;
  return { name, strengthModel: model, strengthClip: clip, tag };
}

/** What stood before and behind a tag, with one comma where there were two. */
function joined(before: string, behind: string): string {
  if (/,\s*$/.test(before) && /^\s*(?:,|$)/.test(behind)) return `${before.replace(/\s*,\s*$/, '')}${behind}`;
  if (before.trim() === '') return behind.replace(/^\s*,\s*/, '');
  return /\s$/.test(before) && /^\s/.test(behind) ? `${before.trimEnd()}${behind}` : `${before}${behind}`;
}
