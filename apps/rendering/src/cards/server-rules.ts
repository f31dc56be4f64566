import type { ObjectInfo } from '@tower/comfyui';
import { Catalogue } from '../workflows/catalogue';
import type { Missing } from '../workflows/compatibility/requirements';
import { signatureMismatches } from '../workflows/compatibility/signature-mismatches';
import type { OperatorFamilies } from './family-reading';
import type { ServerRules } from './server-monitor';

/** Injection token. */
export const SERVER_RULES = Symbol('SERVER_RULES');

/** What every card's server is held against: the oldest version that will do, our workflows, the operator's word. */
export const serverRules = (
  oldestVersion: string,
  operatorFamilies: OperatorFamilies,
  workflows: Catalogue,
): ServerRules => ({ oldestVersion, operatorFamilies, check: (info) => misfits(workflows, info) });

/** Only workflows that the server does not fit, so that a usual inventory stays small. */
function misfits(workflows: Catalogue, info: ObjectInfo): Record<string, Missing[]> {
  return Object.fromEntries(
    workflows
      .all()
      .map((workflow) => [workflow.file.name, signatureMismatches(workflow, info)] as const)
      .filter(([, missing]) => missing.length > 0),
  );
}
