// Loads the export of a file.
import { pathToFileURL } from 'node:url'
import { Failure } from './command.ts'

/** Which export of which file is run. */
export interface ExportSettings {
  /** The file as the user named it. */
  readonly name: string
  /** The absolute path of the file. */
  readonly file: string
  /** The name of the export to run; absent to find it. */
  readonly exported?: string
}

/** The exports that are run if none is named, in this order. */
export const USUAL_EXPORTS = ['default', 'mcp', 'server', 'app', 'createApp', 'buildApp'] as const

/**
 * Runs a file and resolves to the value of one of its exports.
 * @throws Failure if there is no such export, and whatever the file throws.
 */
export async function loadExport (
  { name, file, exported }: ExportSettings
): Promise<unknown> {
  const loaded = await import(pathToFileURL(file).href) as Exports
  // The exports of a CommonJS module that was compiled from `export` statements are in its default export.
  const exports = isCommonJs(loaded.default) ? loaded.default : loaded
  for (const key of exported === undefined ? USUAL_EXPORTS : [exported]) {
    const value = await exports[key]
    if (value !== undefined) return value
  }
  throw new Failure(`${name} ${describeMissing(exports, exported)}`)
}

function describeMissing (exports: Exports, exported: string | undefined): string {
  const names = Object.keys(exports).filter((key) => exports[key] !== undefined && key !== 'module.exports')
  const what = exported === undefined
    ? `has no default export, and none named ${USUAL_EXPORTS.slice(1).join(', ')}.`
    : `exports no '${exported}'.`
  return names.length === 0
    ? `${what} It exports nothing; write 'export default' before its server.`
    : `${what} It exports ${names.join(', ')}; choose one of them with --export <name>.`
}

interface Exports { readonly [name: string]: unknown }

function isCommonJs (value: unknown): value is Exports {
  return (Object(value) as { readonly __esModule?: unknown }).__esModule === true
}
