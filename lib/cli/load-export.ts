// What a file exports.
import { pathToFileURL } from 'node:url'
import { Failure } from './command.ts'
import type { DevSettings } from './dev-settings.ts'

/**
 * Runs a file and comes to what it exports by a name.
 * @throws Failure when it exports nothing by that name; whatever the file throws
 */
export async function loadExport ({ name, file, exported }: Pick<DevSettings, 'name' | 'file' | 'exported'>): Promise<unknown> {
  const loaded = await import(pathToFileURL(file).href) as Exports
  // A file of CommonJS is the default export as a whole; what it exports by `export default` is in there.
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
