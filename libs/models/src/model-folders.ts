/** Further names of one folder below a ComfyUI's `models`. */
interface FolderNames {
  /** What ComfyUI called it before; servers and people still do. */
  readonly formerly: string;
  /** Under which the GGUF pack lists its quantised files, which the server itself does not list. */
  readonly ggufList: string;
}

/** Every folder that has more names than one, by the name that it has now. All other folders have one. */
const folders: ReadonlyMap<string, FolderNames> = new Map([
  ['diffusion_models', { formerly: 'unet', ggufList: 'unet_gguf' }],
  ['text_encoders', { formerly: 'clip', ggufList: 'clip_gguf' }],
]);

const todaysNames: ReadonlyMap<string, string> = new Map(
  [...folders].flatMap(([folder, { formerly, ggufList }]) => [
    [formerly, folder],
    [ggufList, folder],
  ]),
);

/** The name that a folder has now, whichever of its names is given; the folder where its files lie. */
export const modelFolderName = (folder: string): string => todaysNames.get(folder) ?? folder;

/** The list in which a server with the GGUF pack has the quantised files of a folder; undefined where there is none. */
export const ggufListOf = (folder: string): string | undefined => folders.get(folder)?.ggufList;

/** The list in which a server has a file of this folder, since it lists files of known endings only. */
export const listWithFile = (folder: string, file: string): string =>
  (file.endsWith('.gguf') ? ggufListOf(folder) : undefined) ?? folder;
