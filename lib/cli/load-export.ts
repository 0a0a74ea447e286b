// Loads the export of a file.
import { pathToFileURL } from 'node:url'
import { Failure } from './command.ts'
import type { DevSettings } from './dev-settings.ts'

/**
 * Runs a file and resolves to the value of one of its exports.
 * @throws Failure if there is no such export, and whatever the file throws.
 */
export async function loadExport (
  { name, file, exported }: Pick<DevSettings, 'name' | 'file' | 'exported'>
): Promise<unknown> {
  const loaded = await import(pathToFileURL(file).href) as Exports
  // The exports of a CommonJS module that was compiled from `export` statements are in its default export.
  const exports = isCommonJs(loaded.default) ? loaded.default : loaded
  const value = await exports[exported]
  if (value !== undefined) return value

  const names = Object.keys(exports).filter((key) => exports[key] !== undefined && key !== 'module.exports')
  const what = exported === 'default' ? 'has no default export' : `exports no '${exported}'`
  const help = names.length === 0
    ? "It exports nothing; write 'export default' before its server."
    : `It exports ${names.join(', ')}; choose one of them with --export <name>.`
  throw new Failure(`${name} ${what}. ${help}`)
}

interface Exports { readonly [name: string]: unknown }

function isCommonJs (value: unknown): value is Exports {
  return (Object(value) as { readonly __esModule?: unknown }).__esModule === true
}
