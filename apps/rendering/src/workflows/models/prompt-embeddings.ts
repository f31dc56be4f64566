/**
 * Embeddings (textual inversions) that a prompt calls for: `embedding:name`. ComfyUI's tokenizer looks for the word at
 * the beginning of a weighted part, behind a space or a line's end; the name goes to the next space, and commas at its
 * end do not belong to it. One that is not there is left out with nothing but a line in the server's log.
 */
const call = /embedding:([^\s,()|{}<>:]+)/g;

/** The names, each once, as the text writes them. */
export function embeddingsIn(text: string): string[] {
  if (!text.includes('embedding:')) return [];
  return [...new Set([...text.matchAll(call)].map(([, name]) => name ?? ''))];
}

/**
 * The text with each name replaced. A comma directly before a call gets a space behind it, because the tokenizer would
 * not see the call.
 */
export function renameEmbeddings(text: string, rename: (name: string) => string): string {
  if (!text.includes('embedding:')) return text;
  return text.replace(/,embedding:/g, ', embedding:').replace(call, (_, name: string) => `embedding:${rename(name)}`);
}
