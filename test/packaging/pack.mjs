// Packs the package, as it is published. `node test/packaging/pack.mjs DIRECTORY` leaves the tarball there, so that the
// scripts beside this one can share it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Builds the package and packs it into a directory. Returns the path of the tarball. */
export function pack (directory) {
  mkdirSync(directory, { recursive: true })
  run('npm', ['run', 'prepack'], root)
  const printed = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], root)
  return join(directory, printed.trim().split('\n').at(-1))
}

/** Returns the tarball that the command line names, or packs one. */
export function tarballFor (directory) {
  const [, , given] = process.argv
  return given === undefined ? pack(directory) : resolve(given)
}

/** Returns the version of a package that this project has installed. */
export function installedVersion (name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version
}

/** Runs a program to its end and returns what it prints. */
export function run (command, args, cwd, env = {}) {
  return execFileSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(pack(resolve(process.argv[2] ?? '.')))
