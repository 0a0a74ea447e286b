// The settings of the app, read from environment variables.

/** The settings of the app. */
export interface Config {
  /** The address and the port to listen on. */
  readonly host: string
  readonly port: number
  readonly logLevel: string
  /** The URL that clients use. Without it, only requests addressed to localhost are served. */
  readonly publicUrl?: string
  /** Further hosts that are served. */
  readonly allowedHosts?: readonly string[]
  // #with redis
  /** The Redis that all processes of the app share. */
  readonly redisUrl?: string
  // #end
  // #with auth
  /** The authorization server that issues the access tokens. */
  readonly authIssuer?: string
  // #end
}

/** Reads the settings. A variable that is set to nothing counts as not set. @throws Error if one of them is wrong. */
export function readConfig (env: NodeJS.ProcessEnv): Config {
  const { HOST, PORT, LOG_LEVEL, PUBLIC_URL, ALLOWED_HOSTS } = env
  // #with redis
  const { REDIS_URL, MCP_STATE_KEY } = env
  if (REDIS_URL && !MCP_STATE_KEY) throw new Error('With REDIS_URL set MCP_STATE_KEY, too: a secret that all processes share')
  // #end
  // #with auth
  const { AUTH_ISSUER } = env
  if (AUTH_ISSUER && !PUBLIC_URL) throw new Error('With AUTH_ISSUER set PUBLIC_URL, too: access tokens are issued for that URL')
  // #end
  const port = Number(PORT || 8000)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`PORT is '${PORT}', and must be a port`)
  return {
    host: HOST || '127.0.0.1',
    port,
    logLevel: LOG_LEVEL || 'info',
    ...(PUBLIC_URL && { publicUrl: PUBLIC_URL }),
    ...(ALLOWED_HOSTS && { allowedHosts: ALLOWED_HOSTS.split(',').map((host) => host.trim()) }),
    // #with redis
    ...(REDIS_URL && { redisUrl: REDIS_URL }),
    // #end
    // #with auth
    ...(AUTH_ISSUER && { authIssuer: AUTH_ISSUER })
    // #end
  }
}
