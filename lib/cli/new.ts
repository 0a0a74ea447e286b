// `new`: writes a small project that runs and passes its test.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { Failure, UsageError, type Command, type CommandLine } from './command.ts'
import { PACKAGE, pathInPackage } from './installation.ts'
import { addPackages, choose, FEATURES, fillIn, isWanted, type Feature } from './template.ts'
import type { Terminal } from './terminal.ts'

/** Writes a project. */
export const newProject: Command = {
  name: 'new',
  summary: 'Write a new project: a server with tools, a resource and a prompt, an app that mounts it, tests, and CI.',
  usage: '<folder> [options]',
  options: {
    name: { value: 'name', help: 'The name of the package and the server. Default: the name of the folder.' },
    with: {
      value: FEATURES.join(','),
      multiple: true,
      help: 'What the project has in addition, separated by commas.'
    }
  },
  notes: `The folder must be empty, or must not exist yet.

With
  auth    access tokens (JWTs) of the authorization server in AUTH_ISSUER
  redis   sessions shared by all processes, in the Redis at REDIS_URL
  docker  a Dockerfile with a health check, and compose.yaml

  fastify-mcp-mount new my-server
  fastify-mcp-mount new my-server --with auth,redis,docker`,
  run: runNew
}

// The names that npm allows: https://docs.npmjs.com/cli/configuring-npm/package-json#name
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/
const LONGEST_NAME = 214
const RESERVED_NAMES: ReadonlySet<string> = new Set(['node_modules', 'favicon.ico', 'fastify-mcp-mount'])

async function runNew (line: CommandLine, { out, bold, process: { cwd } }: Terminal): Promise<number> {
  const [folder, surplus] = line.positionals
  if (folder === undefined) throw new UsageError('new needs the name of a folder, such as my-server')
  if (surplus !== undefined) throw new UsageError(`'${surplus}' is one argument too many`)
  const target = resolve(cwd(), folder)
  const name = line.get('name') ?? basename(target)
  checkName(name)
  const written = writeProject(target, name, parseFeatures(line))

  const steps = ['npm install', 'npm test', 'npm run dev']
  const path = relative(cwd(), target)
  if (path !== '') steps.unshift(`cd ${/^[\w./@-]+$/.test(path) ? path : JSON.stringify(path)}`)
  out([
    bold(`Wrote ${name}`),
    ...written.map((file) => `  ${join(path, file)}`),
    '',
    bold('Next'),
    ...steps.map((step) => `  ${step}`)
  ].join('\n'))
  return 0
}

function checkName (name: string): void {
  if (PACKAGE_NAME.test(name) && name.length <= LONGEST_NAME && !RESERVED_NAMES.has(name)) return
  throw new UsageError(
    `'${name}' cannot be the name of a package: it may have lower-case letters, digits, '-', '_' and '.', ` +
      'and must not begin with the last two; give another one with --name'
  )
}

function parseFeatures (line: CommandLine): ReadonlySet<Feature> {
  const names = line.all('with').flatMap((list) => list.split(',')).map((name) => name.trim())
  return new Set(names.map((name) => {
    const feature = FEATURES.find((known) => known === name)
    if (feature !== undefined) return feature
    throw new UsageError(`--with has '${name}', and takes ${FEATURES.join(', ')}`)
  }))
}

/** Writes the project into a folder that is empty or does not exist. Returns the files. @throws Failure */
function writeProject (target: string, name: string, features: ReadonlySet<Feature>): readonly string[] {
  const template = pathInPackage('template')
  const files = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(template, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((file) => isWanted(file, features))
  // Dependencies get the versions with which this package has been tested.
  const { version, dependencies, devDependencies } = PACKAGE
  const values = { ...dependencies, ...devDependencies, 'fastify-mcp-mount': `^${version}`, name }
  try {
    mkdirSync(target, { recursive: true })
    if (readdirSync(target).length > 0) {
      throw new Failure(`${target} is not empty. Choose another folder, or empty that one.`)
    }
    for (const file of files) {
      const text = choose(readFileSync(join(template, file), 'utf8'), features)
      const whole = file === 'package.json' ? addPackages(text, features) : text
      write(join(target, withDot(file)), fillIn(whole, values))
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure(`${target} cannot be written: ${(cause as Error).message}.`, { cause })
  }
  return files.map(withDot).sort()
}

function write (file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { flag: 'wx' })
}

// Dotfiles begin with '_' in the template, because npm excludes some from packages and obeys others.
function withDot (file: string): string {
  return file.replace(/^_/, '.')
}
