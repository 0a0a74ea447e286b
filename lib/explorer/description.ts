// What the page learns of each mount before it connects. The page imports these types, so they import nothing.

/** How callers of a mount identify themselves: not at all, to the app, or by OAuth access tokens. */
export type DescribedAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'app' }
  | { readonly kind: 'oauth', readonly scopes: readonly string[] }

/** One mount, as the page sees it. */
export interface DescribedMount {
  readonly name: string
  /** The path of the endpoint, as it is written in the options. */
  readonly path: string
  /** The URL of the endpoint, relative to the page, so that it is right behind every proxy. */
  readonly url: string
  /** The URL that clients use, if the app has a `publicUrl` or listens. */
  readonly publicUrl: string
  /** The parameters of the path that the user has to fill in. */
  readonly params: readonly string[]
  readonly eras: readonly ('modern' | 'legacy')[]
  /** Whether legacy clients have sessions. */
  readonly hasSessions: boolean
  /** Whether replies can be streams. */
  readonly hasStreams: boolean
  /** How many bytes a request may have, unless it calls a tool with a limit of its own. */
  readonly bodyLimit: number
  readonly auth: DescribedAuth
  /** The server's description of itself; absent if it is known only after connecting. */
  readonly info?: DescribedServer
}

/** What a server says of itself. */
export interface DescribedServer {
  readonly name: string
  readonly version: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly websiteUrl?: string | undefined
}

/** The id of the element in which the app writes a `DescribedApp` into the page, as JSON. */
export const WRITTEN_ID = 'mounts'

/** What the page learns of the app: when it is opened, and again from `mounts.json`. */
export interface DescribedApp {
  readonly mounts: readonly DescribedMount[]
  /** Whether the page may show the calls of all clients. */
  readonly canWatch: boolean
}
