// What `dev` hands to the process that serves.

/** The name of the environment variable that has {@link DevSettings} as JSON: arguments would be seen in what Node.js prints. */
export const SETTINGS_VARIABLE = 'FASTIFY_MCP_MOUNT_DEV'

/** What to serve, and where. */
export interface DevSettings {
  /** The file as the user named it. */
  readonly name: string
  /** Its path. */
  readonly file: string
  /** The name under which the server is exported. */
  readonly exported: string
  readonly host: string
  readonly port: number
  readonly stdio: boolean
  readonly prefix?: string
  readonly path?: string
}
