/**
 * One name for all spellings of a model file. ComfyUI lists a file below its folder with the separator of its own
 * system: `SD15\a.safetensors` on Windows, `SD15/a.safetensors` elsewhere. A key has single forward slashes and no `./`
 * before it; case matters, as on most servers.
 */
export const modelKey = (name: string): string =>
  isKey(name) ? name : name.replace(/[\\/]+/g, '/').replace(/^(?:\.\/)+/, '');

/** The usual case, for every file at every look. */
const isKey = (name: string): boolean => !name.includes('\\') && !name.includes('//') && !name.startsWith('./');
