// The settings that `dev` passes to the process that serves the file.
import type { DevSignInSettings } from './dev-sign-in.ts'
import type { ExportSettings } from './load-export.ts'

/**
 * The environment variable that holds {@link DevSettings} as JSON. Node.js prints arguments when it restarts the
 * process, but not the environment.
 */
export const SETTINGS_VARIABLE = 'FASTIFY_MCP_MOUNT_DEV'

/** The settings of `dev`: the export that it serves, and where. */
export interface DevSettings extends ExportSettings {
  readonly host: string
  readonly port: number
  readonly stdio: boolean
  readonly prefix?: string
  readonly path?: string
  /** How users sign in; absent if everybody may use the server. */
  readonly signIn?: DevSignInSettings
  /** The file that holds what the last run served; absent where there is no other run. */
  readonly report?: string
}
