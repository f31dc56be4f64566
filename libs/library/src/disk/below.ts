import { sep } from 'node:path';

/** Whether a path lies below a folder; both absolute and without links, as `realpath` gives them. */
export const isBelow = (folder: string, path: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
