// The settings that `run` passes to the process that serves the file.
import type { ExportSettings } from './load-export.ts'

/** The environment variable that holds {@link RunSettings} as JSON. The file has the arguments to itself. */
export const RUN_VARIABLE = 'FASTIFY_MCP_MOUNT_RUN'

export const TRANSPORTS = ['http', 'stdio', 'sse'] as const
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** The settings of `run`: the export that it serves, and how. */
export interface RunSettings extends ExportSettings {
  readonly transport: typeof TRANSPORTS[number]
  readonly host: string
  readonly port: number
  readonly path?: string
  readonly logLevel: typeof LOG_LEVELS[number]
  /** Whether the user has set the log level, as an option and not in the environment. */
  readonly isLogLevelGiven: boolean
  readonly workers: number
  /** Milliseconds. */
  readonly drain: number
  /** Whether legacy clients are served without sessions. */
  readonly stateless: boolean
  /** The arguments of the file. */
  readonly args: readonly string[]
}
