// Where this package is installed, be it as it is published or as its sources.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const manifest = createRequire(import.meta.url).resolve('fastify-mcp-mount/package.json')

/** As much of package.json as the program needs. */
interface Manifest {
  readonly version: string
  readonly devDependencies: { readonly [name: string]: string }
}

/** What package.json says. */
export const PACKAGE: Manifest = Object.freeze(JSON.parse(readFileSync(manifest, 'utf8')))

/** A file or directory of the package. */
export function pathInPackage (...names: string[]): string {
  return join(dirname(manifest), ...names)
}

/** A file of the program that is run by itself. @param name Below `lib/`, without the extension. */
export function pathOfProgram (name: string): string {
  return import.meta.url.endsWith('.ts') ? pathInPackage('lib', `${name}.ts`) : pathInPackage('dist', `${name}.js`)
}
