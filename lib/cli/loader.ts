// Finds the arguments with which Node.js can run a file that may be TypeScript.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Failure } from './command.ts'

const TYPESCRIPT = /\.[cm]?tsx?$/

/** @fastify/autoload loads TypeScript only if it recognises the loader, or if this variable is set. */
export const AUTOLOAD = Object.freeze({ FASTIFY_AUTOLOAD_TYPESCRIPT: '1' })

/** A version of Node.js. */
export interface Runtime {
  readonly version: string
  /** `process.features.typescript`: how it runs TypeScript, or false or undefined. */
  readonly typescript: unknown
}

// The cast is needed, because the types of Node.js 20 do not declare the feature.
const { typescript: feature } = process.features as { readonly typescript?: unknown }
const THIS_RUNTIME: Runtime = { version: process.version, typescript: feature }

/**
 * Returns the arguments of Node.js with which it runs a file.
 * @throws Failure if the file is TypeScript, and neither tsx is installed beside it nor this Node.js runs TypeScript.
 */
export function findLoader (file: string, { version, typescript }: Runtime = THIS_RUNTIME): readonly string[] {
  if (!TYPESCRIPT.test(file)) return []
  try {
    return ['--import', pathToFileURL(createRequire(file).resolve('tsx')).href]
  } catch {
    if (typescript !== undefined && typescript !== false) return []
    throw new Failure(
      `${file} is TypeScript, which Node.js ${version} does not run by itself. ` +
        'Install tsx (npm install --save-dev tsx), or Node.js 22.18 or newer.'
    )
  }
}
