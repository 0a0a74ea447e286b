// The settings that `dev` passes to the process that serves the file.

/**
 * The environment variable that holds {@link DevSettings} as JSON. Node.js prints arguments when it restarts the
 * process, but not the environment.
 */
export const SETTINGS_VARIABLE = 'FASTIFY_MCP_MOUNT_DEV'

/** What is served, and where. */
export interface DevSettings {
  /** The file as the user named it. */
  readonly name: string
  /** The absolute path of the file. */
  readonly file: string
  /** The name of the export to run; absent to find it. */
  readonly exported?: string
  readonly host: string
  readonly port: number
  readonly stdio: boolean
  readonly prefix?: string
  readonly path?: string
  /** The file that holds what the last run served; absent where there is no other run. */
  readonly report?: string
}
