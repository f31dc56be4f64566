export { fetchFile, type FetchOptions, type FetchRequest } from './download/fetch-file';
export type { DownloadProgress } from './download/download-progress';
export { formatRefusal } from './download/file-format';
export * from './model-manifest';
export * from './model-acceptance';
export * from './model-store';
export { ggufListOf, listWithFile, modelFolderName } from './model-folders';
