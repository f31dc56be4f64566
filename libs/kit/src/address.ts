/** User and password as they stood in an address, decoded. */
export interface UserInfo {
  readonly user: string;
  readonly password: string;
}

/** The address as it is used, stored and shown: without user, password and slashes at its end. */
export function bareAddress(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1').replace(/\/+$/, '');
}

/** `Authorization` for the user and password in an address, which fetch takes in no address; undefined without them. */
export function authorizationOf(url: string): string | undefined {
  const user = userInfoOf(url);
  return user && basicAuthorization(user);
}

/**
 * User and password of an address; undefined when it has neither.
 * @throws Error a sentence for behind the address's name, when they are not percent-encoded properly
 */
export function userInfoOf(url: string): UserInfo | undefined {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new Error('has a user or password in its address that is not percent-encoded properly');
  }
}

/** RFC 7617 with the encoding that it recommends. */
export const basicAuthorization = ({ user, password }: UserInfo): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
