// What the explorer sends to the pages that watch. The page imports these types, so they import nothing.

/** One request that has ended, or was refused, as the call log has it. Members that are unknown are absent. */
export interface WatchedCall {
  /** When it began, or was refused, in milliseconds since the epoch. */
  readonly time: number
  readonly mount: string
  readonly method?: string
  /** The tool, prompt or URI. */
  readonly target?: string
  /** A `RequestOutcome`. */
  readonly outcome: string
  /** How many milliseconds it took; absent if no server has seen it. */
  readonly ms?: number
  readonly subject?: string
  readonly clientId?: string
  /** A hash. */
  readonly session?: string
  readonly transport: 'http' | 'stdio' | 'host'
  readonly client?: string
  readonly era?: 'modern' | 'legacy'
  readonly error?: string
  /** Why it was refused before a server saw it, and the status that it got. */
  readonly reason?: string
  readonly status?: number
  /** What the operator of the app can do about it. */
  readonly advice?: string
  readonly reqId?: string
  /** The beginning of the arguments as JSON, if the explorer shows them. */
  readonly arguments?: string
}

/** How much is open in one mount. */
export interface OpenNow {
  readonly sessions: number
  /** The requests that are being served. */
  readonly exchanges: number
  readonly streams: number
}

/** One message to a page that watches. */
export interface WatchMessage {
  readonly calls: readonly WatchedCall[]
  /** How many calls are missing after these, because the page has read too slowly. */
  readonly dropped: number
  /** How much is open, by the names of the mounts; null if that has not changed. */
  readonly open: Readonly<Record<string, OpenNow>> | null
}
