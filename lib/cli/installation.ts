// Locates this package, whether it is installed or runs in its repository.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

const manifest = createRequire(import.meta.url).resolve('fastify-mcp-mount/package.json')

/** The members of package.json that the program uses. */
interface Manifest {
  readonly version: string
  readonly dependencies: { readonly [name: string]: string }
  readonly devDependencies: { readonly [name: string]: string }
}

/** The package.json of this package. */
export const PACKAGE: Manifest = Object.freeze(JSON.parse(readFileSync(manifest, 'utf8')))

/** Returns the path of a file or directory in the package. */
export function pathInPackage (...names: string[]): string {
  return join(dirname(manifest), ...names)
}

// Where the programs are: as sources in the repository, else as they are built.
const FOLDERS = Object.freeze({ '.ts': 'lib', '.js': 'dist' })
const EXTENSION = extname(import.meta.url) as keyof typeof FOLDERS

/** Returns the path of a file that runs as a process of its own. @param name The path in `lib/`, without extension. */
export function pathOfProgram (name: string): string {
  return pathInPackage(FOLDERS[EXTENSION], `${name}${EXTENSION}`)
}
