import { PyError } from '../python/errors';
import { CogConditioningValue, CogLatentValue, CogVaeValue } from './cog-value';
import { ConditioningValue } from './conditioning-value';
import { LatentValue, VaeValue } from './latent-value';
import type { NodeValue } from './node-value';

type Kind = abstract new (...args: never[]) => NodeValue;

/**
 * Node packs call things by the core's type names that are not the same inside, so validation lets them through. What
 * Python then fails on, by what came and what was expected.
 */
const known: readonly (readonly [came: Kind, wanted: Kind, message: string])[] = [
  [CogConditioningValue, ConditioningValue, "'Tensor' object has no attribute 'copy'"],
  [ConditioningValue, CogConditioningValue, "'list' object has no attribute 'shape'"],
  [CogVaeValue, VaeValue, "'DecoderOutput' object has no attribute 'shape'"],
  [VaeValue, CogVaeValue, "'VAE' object has no attribute 'enable_slicing'"],
  [LatentValue, CogLatentValue, "'AutoencoderKLCogVideoX' cannot decode latents with four dimensions"],
];

export function misfit(name: string, found: NodeValue | undefined, wanted: Kind): PyError {
  const entry = known.find(([came, expected]) => found instanceof came && wanted === expected);
  if (entry !== undefined) return new PyError('AttributeError', entry[2]);
  return new PyError(
    'AttributeError',
    `'${found === undefined || found === null ? 'NoneType' : typeof found}' object has no attribute '${name}'`,
  );
}
