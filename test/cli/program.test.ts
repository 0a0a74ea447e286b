import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { LOADER } from '../support/child.ts'
import { createTestTerminal } from './terminal.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Runs the program. Resolves to its exit code and output. */
async function run (...args: string[]): Promise<{ readonly code: number, readonly out: string, readonly err: string }> {
  const test = createTestTerminal()
  const code = await runProgram(args, test.terminal)
  return { code, out: test.out, err: test.err }
}

t.test('the help lists all commands, and goes to standard error if it was not requested', async (t) => {
  const asked = await run('--help')

  t.equal(asked.code, 0)
  for (const line of [
    'dev <file> [options]',
    'run <file> [options] [-- <arguments of the file>]',
    'inspect <url> [what] [options]',
    'install <client> <url or file> [options] [-- <args>]',
    'routes <file> [options]',
    'new <folder> [options]',
    '-h, --help',
    '-v, --version'
  ]) {
    t.ok(asked.out.includes(line), line)
  }
  t.same(await run('help'), asked)
  t.same(await run('-h'), asked)
  t.same(await run(), { code: 2, out: '', err: asked.out })
})

t.test('the help of a command lists all options, in lines of 80 characters', async (t) => {
  const options = {
    dev: ['export', 'port', 'host', 'prefix', 'path', 'inspector', 'stdio'],
    run: ['export', 'transport', 'host', 'port', 'path', 'log-level', 'workers', 'drain', 'stateless'],
    inspect: ['arg', 'era', 'header', 'token', 'timeout', 'log-level', 'json'],
    routes: ['export', 'json'],
    install: ['name', 'scope', 'header', 'env', 'print', 'yes'],
    new: ['name', 'with']
  }
  for (const [command, names] of Object.entries(options)) {
    const { code, out } = await run(command, '--help')

    t.equal(code, 0)
    t.ok(out.startsWith(`Usage: fastify-mcp-mount ${command} `))
    for (const name of [...names, 'help']) t.match(out, new RegExp(`--${name}\\b`))
    t.same(out.split('\n').filter((line) => line.length > 80 && !line.startsWith('  fastify-mcp-mount')), [])
  }
})

t.test('the version is that of the package', async (t) => {
  t.same(await run('--version'), { code: 0, out: `${version}\n`, err: '' })
  t.same(await run('-v'), { code: 0, out: `${version}\n`, err: '' })
})

t.test('wrong usage is explained, and the exit code is 2', async (t) => {
  const calls: ReadonlyArray<readonly [args: string, problem: string]> = [
    ['serve', "there is no command 'serve'; there are dev, run, inspect, routes, install, new"],
    ['dev', 'dev needs a file, such as server.ts'],
    ['dev a b', "'b' is one argument too many"],
    ['dev a --prot 1', "Unknown option '--prot'"],
    ['dev a --port', "Option '-p, --port <value>' argument missing"],
    ['dev a --port x', "--port is 'x', and must be a whole number from 0 to 65535"],
    ['dev a --port 65536', "--port is '65536', and must be a whole number from 0 to 65535"],
    ['dev a --stdio --host b', '--host has no meaning with --stdio'],
    ['dev a -- b', "'b' is one argument too many"],
    ['dev a --stdio --inspector', '--inspector has no meaning with --stdio'],
    ['run', 'run needs a file, such as server.js'],
    ['run a b', "'b' is one argument too many; the arguments of the file go after --"],
    ['run a --transport tcp', "--transport is 'tcp', and must be one of http, stdio, sse"],
    ['run a --transport stdio --port 1', '--port has no meaning with --transport stdio'],
    ['run a --transport sse --workers 2', '--transport sse needs one worker: its sessions live in one process'],
    ['run LICENSE --drain 600001', "--drain is '600001', and must be a whole number from 0 to 600000"],
    ['run a --workers 0', "--workers is '0', and must be a whole number from 1 to 1024"],
    ['run LICENSE --log-level loud',
      "--log-level is 'loud', and must be one of fatal, error, warn, info, debug, trace, silent"],
    ['routes', 'routes needs a file, such as app.ts'],
    ['routes a b', "'b' is one argument too many"],
    ['inspect', 'inspect needs the URL of an endpoint, such as http://127.0.0.1:8000/mcp'],
    ['inspect localhost:8000', "'localhost:8000' is not an http:// or https:// URL, such as http://127.0.0.1:8000/mcp"],
    ['inspect nowhere', "'nowhere' is not an http:// or https:// URL, such as http://127.0.0.1:8000/mcp"],
    ['inspect http://a/ tasks', "'tasks' cannot be inspected; there are tools, resources, prompts, call, read, prompt"],
    ['inspect http://a/ tools b', "'b' is one argument too many"],
    ['inspect http://a/ read b c', "'c' is one argument too many"],
    ['inspect http://a/ call b {} c', "'c' is one argument too many"],
    ['inspect http://a/ call', "'call' needs the name of a tool"],
    ['inspect http://a/ read', "'read' needs the URI of a resource"],
    ['inspect http://a/ prompt', "'prompt' needs the name of a prompt"],
    ['inspect http://a/ call b [1]', "the arguments '[1]' must be a JSON object, such as '{\"a\":1}'"],
    ['inspect http://a/ call b --arg c', "--arg 'c' must be name=value"],
    ['inspect http://a/ --era old', "--era is 'old', and must be modern or legacy"],
    ['inspect http://a/ --header x', "--header 'x' must be 'Name: value'"],
    [
      'inspect http://a/ --token b --header authorization:c',
      "--token and --header both set 'Authorization'; leave one of them out"
    ],
    [
      'inspect http://a/ toString b',
      "'toString' cannot be inspected; there are tools, resources, prompts, call, read, prompt"
    ],
    ['inspect http://a/ --token ä€', 'the token has characters that a header must not contain'],
    ['inspect http://a/ --timeout 0', "--timeout is '0', and must be a whole number from 1 to 2147483647"],
    [
      'inspect http://a/ --log-level loud',
      "--log-level is 'loud', and must be debug, info, notice, warning, error, critical, alert or emergency"
    ],
    ['install', 'install needs a client: claude-code, claude-desktop, vscode, cursor, codex, gemini'],
    ['install zed http://a/',
      "there is no client 'zed'; there are claude-code, claude-desktop, vscode, cursor, codex, gemini"],
    ['install cursor', 'install needs a URL, a file, or a command after --'],
    ['install cursor http://a/ b', "'b' is one argument too many; a command goes after --"],
    ['install cursor http://a/ -- b', 'a URL takes no arguments after --'],
    ['install cursor http://:a/', "'http://:a/' is not a URL"],
    ['install cursor http://a/ --env A=1', '--env needs a file or a command'],
    ['install cursor --header A:1 -- node', '--header needs a URL'],
    ['install cursor http://a/ --header x', "--header 'x' must be 'Name: value'"],
    ['install cursor --env x -- node', "--env 'x' must be 'NAME=value'"],
    ['install cursor http://a/ --scope all', "--scope is 'all', and must be one of user, project"],
    ['install claude-desktop http://a/ --scope project',
      'Claude Desktop has no configuration of a project; leave --scope out'],
    ['new', 'new needs the name of a folder, such as my-server'],
    ['new a b', "'b' is one argument too many"]
  ]
  for (const [args, problem] of calls) {
    const [command = ''] = args.split(' ')
    const help = command === 'serve' ? '--help' : `${command} --help`

    t.same(
      await run(...args.split(' ')),
      { code: 2, out: '', err: `fastify-mcp-mount: ${problem}\nSee: fastify-mcp-mount ${help}\n` },
      args
    )
  }
})

t.test('an unexpected error is printed with its stack, and the exit code is 1', async (t) => {
  const test = createTestTerminal()
  const terminal = { ...test.terminal, out: () => { throw new Error('the disk is full') } }

  t.equal(await runProgram(['--version'], terminal), 1)
  t.match(test.err, /^fastify-mcp-mount failed unexpectedly: Error: the disk is full\n {4}at /)
})

t.test('the program is run as a process', async (t) => {
  const { code, out } = await spawnProgram(t, '--version')

  t.equal(code, 0)
  t.equal(out, `${version}\n`)
  t.equal((await spawnProgram(t, 'serve')).code, 2)
})

t.test('the program file reads its arguments from the process', async (t) => {
  const { argv, exitCode } = process
  const written = t.capture(process.stdout, 'write')
  process.argv = [...argv.slice(0, 2), '--version']
  t.teardown(() => { Object.assign(process, { argv, exitCode }) })

  await import('../../lib/cli.ts')

  const lines = written().map(({ args: [chunk] }) => String(chunk))
  written.restore()
  t.equal(process.exitCode, 0)
  t.ok(lines.includes(`${version}\n`))
})

async function spawnProgram (t: Test, ...args: string[]): Promise<{ readonly code: number, readonly out: string }> {
  const child = spawn(process.execPath, [
    ...LOADER,
    fileURLToPath(new URL('../../lib/cli.ts', import.meta.url)),
    ...args
  ])
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', (chunk) => { out += chunk })
  const [code] = await once(child, 'close')
  return { code, out }
}
