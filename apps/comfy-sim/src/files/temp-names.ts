import { randomInt } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstupvxyz';

/**
 * Prefixes of what nodes leave in the temp folder. One instance lives as long as its node id and class stay in the
 * graph, and keeps its five letters.
 */
export class TempNames {
  private readonly suffixes = new Map<string, string>();

  prefixFor(nodeId: string): string {
    const suffix =
      this.suffixes.get(nodeId) ?? Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
    this.suffixes.set(nodeId, suffix);
    return `ComfyUI_temp_${suffix}`;
  }
}
