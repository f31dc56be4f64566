import type { Card } from '../card/card';
import type { ShownDevice } from '../card/card-profile';
import type { Generation } from '../generation';
import type { LaunchFlags } from '../launch-flags';
import { dict, type PyDict, type PyValue } from '../python/values';

const pythonVersion = '3.12.3 (main, Nov  6 2025, 13:44:16) [GCC 13.3.0]';

/** The packages whose versions each generation reports, with those of the recorded servers. */
const frontend = { '0.3.64': ['1.27.10', '0.1.95'], '0.33': ['1.49.6', '0.11.44'] } as const;
const packages = [
  ['comfyui-frontend-package', '1.49.6'],
  ['comfyui-workflow-templates', '0.11.44'],
  ['comfyui-embedded-docs', '0.5.10'],
  ['comfy-kitchen', '0.2.31'],
  ['comfy-aimdo', '0.4.13'],
] as const;

/** /system_stats. That this is a simulation shows in `argv` and in the device's name; all else is as on a real card. */
export function toSystemView(
  card: Card,
  shown: ShownDevice,
  generation: Generation,
  argv: readonly string[],
  leakedBytes: number,
): PyDict {
  const [frontendVersion, templatesVersion] = frontend[generation.id];
  const { profile } = card;
  const newer = generation.id === '0.33';
  const system = new Map<string, PyValue>([
    ['os', newer ? 'linux' : 'posix'],
    ['ram_total', profile.ramBytes],
    ['ram_free', Math.max(0, Math.floor(profile.ramBytes * 0.7 - leakedBytes))],
    ['comfyui_version', generation.version],
    ['required_frontend_version', frontendVersion],
    ['installed_templates_version', templatesVersion],
    ['required_templates_version', templatesVersion],
    ...(newer
      ? [
          [
            'comfy_package_versions',
            packages.map(([name, version]) => dict({ name, installed: version, required: version })),
          ] as const,
        ]
      : []),
    ['python_version', pythonVersion],
    ['pytorch_version', shown.pytorchVersion],
    ['embedded_python', false],
    ...(newer ? [['deploy_environment', 'local-git'] as const] : []),
    ['argv', [...argv]],
  ]);
  return dict({ system, devices: [toDeviceView(card, shown)] });
}

function toDeviceView(card: Card, shown: ShownDevice): PyDict {
  const used = card.usedBytes();
  const free = Math.max(0, Math.floor(shown.vramBytes - used));
  const cpu = shown.deviceType === 'cpu';
  const reserved = Math.floor(used - card.profile.idleVramBytes);
  return dict({
    name: `${shown.deviceName} (simulated)`,
    type: shown.deviceType,
    index: cpu ? null : 0,
    vram_total: shown.vramBytes,
    vram_free: free,
    torch_vram_total: cpu ? shown.vramBytes : reserved,
    torch_vram_free: cpu ? free : 0,
  });
}

/** What the server tells of itself; `--feature-flag` adds to it, but changes nothing of its own. */
export function serverFeatures(
  generation: Generation,
  maxUploadBytes: number,
  flags: Pick<LaunchFlags, 'assets' | 'featureFlags'>,
): PyDict {
  if (generation.id === '0.3.64') return dict({ supports_preview_metadata: true, max_upload_size: maxUploadBytes });
  const own = dict({
    supports_preview_metadata: true,
    supports_model_type_tags: true,
    max_upload_size: maxUploadBytes,
    extension: dict({ manager: dict({ supports_v4: true }) }),
    node_replacements: true,
    assets: flags.assets === true,
  });
  for (const [key, value] of flags.featureFlags ?? []) if (!own.has(key)) own.set(key, value);
  return own;
}

/** Folders that a model type has besides its own name, and those where the server saves models itself. */
const aliases: Record<string, string[]> = {
  text_encoders: ['text_encoders', 'clip'],
  diffusion_models: ['unet', 'diffusion_models'],
  controlnet: ['controlnet', 't2i_adapter'],
};
const savedInOutput: Record<string, string> = {
  checkpoints: 'checkpoints',
  loras: 'loras',
  vae: 'vae',
  text_encoders: 'clip',
  diffusion_models: 'diffusion_models',
};

export function toFolderPathsView(folders: readonly string[], home: string, output: string): PyDict {
  return new Map(
    folders.map((folder): [string, PyValue] => {
      if (folder === 'custom_nodes') return [folder, [`${home}/custom_nodes`]];
      const own = (aliases[folder] ?? [folder]).map((name) => `${home}/models/${name}`);
      const saved = savedInOutput[folder];
      return [folder, saved === undefined ? own : [...own, `${output}/${saved}`]];
    }),
  );
}
