/** What stands behind the `?` of an address, before anybody looked at it. */
export type Search = Record<string, unknown>;

/** The named words of an address, and no other ones. */
export const wordsOf = <Name extends string>(search: Search, names: readonly Name[]): Partial<Record<Name, string>> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  ) as Partial<Record<Name, string>>;

export interface MakeSearch {
  workflow?: string;
  /** Id of a job to make again. */
  from?: string;
  project?: string;
  /** Id of a file to work on. */
  input?: string;
}
export interface LibrarySearch {
  project?: string;
  card?: string;
  type?: string;
  state?: string;
  text?: string;
}
export interface CharactersSearch {
  open?: string;
  project?: string;
}
export interface CompareSearch {
  ids?: string;
}
