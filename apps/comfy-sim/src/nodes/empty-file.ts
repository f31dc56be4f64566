import { PyError } from '../python/errors';

/** What the loader of a kind of file says to one that holds nothing. */
export function emptyFileError(file: string): PyError {
  if (file.endsWith('.gguf')) return new PyError('ValueError', 'cannot mmap an empty file');
  if (file.endsWith('.safetensors'))
    return new PyError(
      'safetensors._safetensors_rust.SafetensorError',
      'Error while deserializing header: header too small',
    );
  return new PyError('EOFError', 'Ran out of input');
}
