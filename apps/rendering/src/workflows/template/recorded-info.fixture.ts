import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeInfo, type NodeInfos } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { z } from 'zod';

/** What real servers answered to GET /object_info, as recorded. */
const recorded = (name: string): Record<string, z.infer<typeof nodeInfo>> =>
  z
    .record(z.string(), nodeInfo)
    .parse(
      JSON.parse(
        readFileSync(join(repositoryRoot, 'apps', 'comfy-sim', 'data', 'object-info', `${name}.json`), 'utf8'),
      ),
    );

const packs = recorded('0.3.64.packs');

/** Servers with and without packs; a template is held against those that have what it needs. */
export const recordedServers: Readonly<Record<string, NodeInfos>> = {
  '0.3.64': recorded('0.3.64.core'),
  '0.3.64 with packs': { ...recorded('0.3.64.core'), ...packs },
  '0.33': recorded('0.33.core'),
  '0.33 with the packs of 0.3.64': { ...recorded('0.33.core'), ...packs },
};

/** Which module brings a class, as the server with packs says. */
export const moduleOf = (classType: string): string =>
  recordedServers['0.3.64 with packs']?.[classType]?.python_module ?? '';
