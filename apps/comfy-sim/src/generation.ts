/** Everything in which the two recorded servers differ and which is a plain yes or no. */
export interface Generation {
  readonly id: '0.3.64' | '0.33';
  readonly version: string;
  readonly canonicalPromptIds: boolean;
  readonly missingNodeType: boolean;
  readonly dependencyCycles: boolean;
  readonly combosOfV3Checked: boolean;
  readonly crossSiteRefused: boolean;
  readonly viewNosniff: boolean;
  readonly jobs: boolean;
  readonly createTime: boolean;
  /** History of 0.3.64 lists every cached ui of the graph; 0.33 only what ran or was emitted in this prompt. */
  readonly historyListsCached: boolean;
  /** /internal/files names files as nodes take them: "a.png [input]". */
  readonly annotatesFiles: boolean;
  /** Whether a node's `except Exception` also catches the interrupt. */
  readonly interruptCanBeSwallowed: boolean;
  /** The default cache: 0.33 drops results only when it has made new ones. */
  readonly cache: 'classic' | 'pressure';
  readonly previewMethodPerPrompt: boolean;
  readonly latentsTellTheirScale: boolean;
  /** Whether models are unloaded when the driver, rather than torch, says that memory is out. */
  readonly readsDriverErrors: boolean;
  readonly throttlesProgress: boolean;
  /** PreviewAny changes how torch prints, for the whole process. */
  readonly printsMoreAfterPreviews: boolean;
}

const generations = {
  '0.3.64': {
    id: '0.3.64',
    version: '0.3.64',
    canonicalPromptIds: false,
    missingNodeType: false,
    dependencyCycles: false,
    combosOfV3Checked: false,
    crossSiteRefused: false,
    viewNosniff: false,
    jobs: false,
    createTime: false,
    historyListsCached: true,
    annotatesFiles: false,
    interruptCanBeSwallowed: true,
    cache: 'classic',
    previewMethodPerPrompt: false,
    latentsTellTheirScale: false,
    readsDriverErrors: false,
    throttlesProgress: false,
    printsMoreAfterPreviews: false,
  },
  '0.33': {
    id: '0.33',
    version: '0.33.0',
    canonicalPromptIds: true,
    missingNodeType: true,
    dependencyCycles: true,
    combosOfV3Checked: true,
    crossSiteRefused: true,
    viewNosniff: true,
    jobs: true,
    createTime: true,
    historyListsCached: false,
    annotatesFiles: true,
    interruptCanBeSwallowed: false,
    cache: 'pressure',
    previewMethodPerPrompt: true,
    latentsTellTheirScale: true,
    readsDriverErrors: true,
    throttlesProgress: true,
    printsMoreAfterPreviews: true,
  },
} as const satisfies Record<string, Generation>;

export type GenerationId = keyof typeof generations;
export const generationIds = Object.keys(generations) as GenerationId[];
export const getGeneration = (id: GenerationId): Generation => generations[id];
