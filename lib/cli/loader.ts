// What Node.js has to be told to run a file that may be TypeScript.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Failure } from './command.ts'

const TYPESCRIPT = /\.[cm]?tsx?$/

/** As much as is known of a version of Node.js. */
export interface Runtime {
  readonly version: string
  /** How it runs TypeScript by itself, if it does. */
  readonly typescript: unknown
}

const THIS_RUNTIME: Runtime = { version: process.version, typescript: (process.features as { readonly typescript?: unknown }).typescript }

/**
 * Comes to the arguments of Node.js with which it runs a file.
 * @throws Failure when the file is TypeScript, tsx is not installed beside it, and this Node.js does not run TypeScript.
 */
export function findLoader (file: string, { version, typescript }: Runtime = THIS_RUNTIME): readonly string[] {
  if (!TYPESCRIPT.test(file)) return []
  try {
    return ['--import', pathToFileURL(createRequire(file).resolve('tsx')).href]
  } catch {
    if (typescript !== undefined && typescript !== false) return []
    throw new Failure(`${file} is TypeScript, which Node.js ${version} does not run by itself. Install tsx (npm install --save-dev tsx), or Node.js 22.18 or newer.`)
  }
}
