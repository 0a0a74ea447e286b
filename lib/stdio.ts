/**
 * Serves a server on stdin and stdout, for clients that start programs.
 * @packageDocumentation
 */
export { serveStdio } from './stdio/serve-stdio.ts'
export type { StdioConnection } from './stdio/serve-stdio.ts'
export type { StdioOptions } from './stdio/options.ts'
