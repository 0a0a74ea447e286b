// What the page sends to show who the user is, for each mount. It is kept in memory alone, and gone with the page.
import { signal } from '@preact/signals'

/** The credentials for one mount. */
export interface Credentials {
  /** A token that the user has pasted, or that the sign-in has brought. */
  readonly token?: string
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The credentials by the names of the mounts. */
export const credentials = signal<Readonly<Record<string, Credentials>>>({})

/** Sets the credentials for a mount; undefined forgets them. */
export function setCredentials (mount: string, given: Credentials | undefined): void {
  const { [mount]: _old, ...others } = credentials.value
  credentials.value = given === undefined ? others : { ...others, [mount]: given }
}

/** Returns the headers that show who the user is. */
export function headersFor (mount: string): Readonly<Record<string, string>> {
  const { token, headers } = credentials.value[mount] ?? {}
  return { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
}
