import {
  chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { CLIENTS, findClient, type Place, type Target } from '../../lib/cli/clients.ts'
import { writeConfig } from '../../lib/cli/config-file.ts'
import { runProgram } from '../../lib/cli/program.ts'
import { createTestTerminal } from './terminal.ts'

const URL_TARGET: Target = { url: 'https://mcp.example.com/mcp', headers: {} }
const PROGRAM = fileURLToPath(new URL('../../lib/cli.ts', import.meta.url))

interface Setting {
  readonly home: string
  readonly cwd: string
}

function setUp (t: Test): Setting {
  const home = t.testdir({ project: { 'server.js': '' } })
  return { home, cwd: join(home, 'project') }
}

interface Run { readonly code: number, readonly out: string, readonly err: string }

/** Runs `install`. @param answer What the user types; undefined where standard input is no terminal. */
async function install ({ home, cwd }: Setting, args: readonly string[], answer?: string): Promise<Run> {
  const test = createTestTerminal({ cwd, env: { HOME: home, NO_COLOR: '1' }, isTTY: answer !== undefined })
  test.stdin.end(answer ?? '')
  const code = await runProgram(['install', ...args], test.terminal)
  return { code, out: test.out, err: test.err }
}

function write (file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

t.test('each client gets a URL in its own form', async (t) => {
  const forms: Readonly<Record<string, object | string>> = {
    'claude-code': { mcpServers: { notes: { type: 'http', url: 'https://mcp.example.com/mcp' } } },
    'claude-desktop': {
      mcpServers: { notes: { command: 'npx', args: ['-y', 'mcp-remote', 'https://mcp.example.com/mcp'] } }
    },
    vscode: { servers: { notes: { type: 'http', url: 'https://mcp.example.com/mcp' } } },
    cursor: { mcpServers: { notes: { url: 'https://mcp.example.com/mcp' } } },
    codex: '[mcp_servers.notes]\nurl = "https://mcp.example.com/mcp"\n',
    gemini: { mcpServers: { notes: { httpUrl: 'https://mcp.example.com/mcp' } } }
  }
  for (const { id, write } of CLIENTS) {
    const text = write('', 'notes', URL_TARGET)
    t.same(id === 'codex' ? text : JSON.parse(text), forms[id], id)
  }
  t.equal(Object.keys(forms).length, CLIENTS.length)
})

t.test('each client gets headers, and a command with its environment, in its own form', async (t) => {
  const url: Target = { url: 'http://10.0.0.1/mcp', headers: { Authorization: 'Bearer a' } }
  const command: Target = { command: 'node', args: ['a b.js'], env: { KEY: 'x' } }
  const entry = (id: string, target: Target): unknown => {
    const { mcpServers, servers } = JSON.parse(findClient(id).write('', 'notes', target))
    return (mcpServers ?? servers).notes
  }
  const headers = { Authorization: 'Bearer a' }
  const started = { command: 'node', args: ['a b.js'], env: { KEY: 'x' } }

  t.same(entry('claude-code', url), { type: 'http', url: 'http://10.0.0.1/mcp', headers })
  t.same(entry('vscode', url), { type: 'http', url: 'http://10.0.0.1/mcp', headers })
  t.same(entry('cursor', url), { url: 'http://10.0.0.1/mcp', headers })
  t.same(entry('gemini', url), { httpUrl: 'http://10.0.0.1/mcp', headers })
  t.same(entry('claude-desktop', url), {
    command: 'npx',
    args: ['-y', 'mcp-remote', 'http://10.0.0.1/mcp', '--allow-http', '--header', 'Authorization:Bearer a']
  })
  for (const id of ['claude-code', 'vscode']) t.same(entry(id, command), { type: 'stdio', ...started }, id)
  for (const id of ['claude-desktop', 'cursor', 'gemini']) t.same(entry(id, command), started, id)
  const { write } = findClient('codex')
  t.equal(
    write('', 'my notes', url),
    '[mcp_servers."my notes"]\nurl = "http://10.0.0.1/mcp"\nhttp_headers = { "Authorization" = "Bearer a" }\n'
  )
  t.equal(
    write('', 'notes', command),
    '[mcp_servers.notes]\ncommand = "node"\nargs = ["a b.js"]\nenv = { "KEY" = "x" }\n'
  )
})

t.test('each client has its files where its platform keeps them', async (t) => {
  const filesOn = (place: Partial<Place>): readonly (string | undefined)[] => CLIENTS.map(({ files }) => {
    return files.user?.({ platform: 'linux', env: {}, home: '/home/me', cwd: '/work', ...place })
  })
  const windows = { platform: 'win32', home: 'C:\\Users\\me', cwd: 'C:\\work' } as const

  t.same(filesOn({}), [
    '/home/me/.claude.json',
    '/home/me/.config/Claude/claude_desktop_config.json',
    '/home/me/.config/Code/User/mcp.json',
    '/home/me/.cursor/mcp.json',
    '/home/me/.codex/config.toml',
    '/home/me/.gemini/settings.json'
  ])
  t.same(filesOn({ env: { XDG_CONFIG_HOME: '/x', CODEX_HOME: '/y', CLAUDE_CONFIG_DIR: '/z' } }).slice(0, 5), [
    '/z/.claude.json', '/x/Claude/claude_desktop_config.json', '/x/Code/User/mcp.json', '/home/me/.cursor/mcp.json',
    '/y/config.toml'
  ])
  t.same(filesOn({ platform: 'darwin', home: '/Users/me' }).slice(1, 3), [
    '/Users/me/Library/Application Support/Claude/claude_desktop_config.json',
    '/Users/me/Library/Application Support/Code/User/mcp.json'
  ])
  t.same(filesOn({ ...windows, env: { APPDATA: 'D:\\Data' } }).slice(0, 3), [
    'C:\\Users\\me\\.claude.json', 'D:\\Data\\Claude\\claude_desktop_config.json', 'D:\\Data\\Code\\User\\mcp.json'
  ])
  t.equal(filesOn(windows)[2], 'C:\\Users\\me\\AppData\\Roaming\\Code\\User\\mcp.json')
  const place: Place = { platform: 'linux', env: {}, home: '/h', cwd: '/work' }
  t.same(CLIENTS.map(({ files }) => files.project?.(place)), [
    '/work/.mcp.json', undefined, '/work/.vscode/mcp.json', '/work/.cursor/mcp.json', '/work/.codex/config.toml',
    '/work/.gemini/settings.json'
  ])
})

t.test('a user is asked before a file is changed', async (t) => {
  const setting = setUp(t)
  const file = join(setting.home, '.cursor/mcp.json')
  const args = ['cursor', 'http://127.0.0.1:8000/mcp']

  for (const answer of ['n\n', '\n', '']) {
    const { code, err } = await install(setting, args, answer)
    t.same([code, err, existsSync(file)], [1, 'Nothing was changed.\n', false])
  }
  const { code, out } = await install(setting, args, 'y\n')

  t.equal(code, 0)
  t.equal(out, `Cursor  ${file}

{
  "mcpServers": {
    "project": {
      "url": "http://127.0.0.1:8000/mcp"
    }
  }
}

Add 'project' to this file? [y/N] Added project. Restart Cursor.
`)
  t.same(JSON.parse(readFileSync(file, 'utf8')).mcpServers.project, { url: 'http://127.0.0.1:8000/mcp' })
  t.match(await install(setting, args), { code: 0, out: `Cursor has this server already, in ${file}.\n` })
})

t.test('without a terminal nothing is changed, unless --yes is given', async (t) => {
  const setting = setUp(t)
  const args = ['vscode', 'https://mcp.example.com/mcp', '--scope', 'project']
  const file = join(setting.cwd, '.vscode/mcp.json')

  const refused = await install(setting, args)
  t.match(refused, { code: 1, out: /"servers"/, err: 'Nothing was changed: pass --yes to write this without asking.\n' })
  t.notOk(existsSync(file))

  t.equal((await install(setting, [...args, '--yes'])).code, 0)
  t.same(JSON.parse(readFileSync(file, 'utf8')), {
    servers: { 'mcp-example-com': { type: 'http', url: 'https://mcp.example.com/mcp' } }
  })
})

t.test('--print prints the configuration alone, and changes nothing', async (t) => {
  const setting = setUp(t)

  const { code, out, err } = await install(setting, ['codex', 'https://a.example/mcp', '--name', 'notes', '--print'])

  t.equal(code, 0)
  t.equal(out, '[mcp_servers.notes]\nurl = "https://a.example/mcp"\n')
  t.equal(err, `Codex reads this from ${join(setting.home, '.codex/config.toml')}\n`)
  t.same(readdirSync(setting.home), ['project'])
})

t.test('everything else in the file stays, with its mode and a symbolic link to it', async (t) => {
  const setting = setUp(t)
  const [file, real] = [join(setting.home, '.gemini/settings.json'), join(setting.home, 'dotfiles.json')]
  write(real, '{\n  // my theme\n  "theme": "Dracula", /* dark */\n}\n')
  chmodSync(real, 0o600)
  mkdirSync(dirname(file))
  symlinkSync(real, file)

  t.equal((await install(setting, ['gemini', 'https://a.example/mcp', '--name', 'a', '-y'])).code, 0)

  t.equal(readFileSync(file, 'utf8'), `{
  // my theme
  "theme": "Dracula", /* dark */
  "mcpServers": {
    "a": {
      "httpUrl": "https://a.example/mcp"
    }
  }
}
`)
  t.equal(readlinkSync(file), real)
  t.equal(statSync(real).mode & 0o777, 0o600)
  t.same(readdirSync(setting.home).sort(), ['.gemini', 'dotfiles.json', 'project'])
})

t.test('a file that cannot be parsed is not changed, and the entry is printed', async (t) => {
  const setting = setUp(t)
  const files = { 'claude-desktop': '.config/Claude/claude_desktop_config.json', codex: '.codex/config.toml' }
  for (const [id, path] of Object.entries(files)) {
    const file = join(setting.home, path)
    write(file, '{ "mine": \u001b[2J')

    const { code, err } = await install(setting, [id, 'https://a.example/mcp', '--name', 'notes', '--yes'])

    t.equal(code, 1)
    t.ok(err.startsWith(`${file} cannot be parsed, and was not changed: `))
    t.match(err, /Correct it, or add this by hand:\n\n.*notes/s)
    t.notMatch(err, '\u001b')
    t.equal(readFileSync(file, 'utf8'), '{ "mine": \u001b[2J')
  }
})

t.test('a file that cannot be read or written is reported', async (t) => {
  const setting = setUp(t)
  const args = ['cursor', 'https://a.example/mcp', '--yes']
  const file = join(setting.home, '.cursor/mcp.json')
  mkdirSync(file, { recursive: true })
  t.match(await install(setting, args), { code: 1, err: /mcp\.json cannot be read, and was not changed: EISDIR/ })

  const other = setUp(t)
  write(join(other.home, '.cursor'), '')
  t.match((await install(other, args)).err, /mcp\.json cannot be read, and was not changed: ENOTDIR/)

  const third = join(setUp(t).home, 'mcp.json')
  write(third, 'new')
  t.throws(() => writeConfig(third, { old: 'old', changed: '', isSecret: false }), {
    message: `${third} has been changed by another program meanwhile. Try again.`
  })
  t.throws(() => writeConfig(join(third, 'a'), { old: '', changed: '', isSecret: false }), { message: /ENOTDIR/ })

  write(`${third}.${process.pid}.tmp`, '')
  t.throws(() => writeConfig(third, { old: 'new', changed: '', isSecret: false }), {
    message: /mcp\.json cannot be written, and was not changed: EEXIST/
  })
  t.equal(readFileSync(third, 'utf8'), 'new')
})

t.test('bytes that are not UTF-8 are not lost', async (t) => {
  const setting = setUp(t)
  const file = join(setting.home, '.cursor/mcp.json')
  mkdirSync(dirname(file))
  writeFileSync(file, Buffer.from('7b22e4223a317d', 'hex'))

  t.match((await install(setting, ['cursor', 'https://a.example/mcp', '-y'])).err, /cannot be read, and was not changed/)
  t.equal(readFileSync(file).toString('hex'), '7b22e4223a317d')
})

t.test('a file that is created with a secret is for its owner alone', async (t) => {
  const setting = setUp(t)
  const args = ['cursor', 'https://a.example/mcp', '--header', 'Authorization: Bearer a', '--yes']

  t.equal((await install(setting, args)).code, 0)

  t.equal(statSync(join(setting.home, '.cursor/mcp.json')).mode & 0o777, 0o600)
})

t.test('a file of a server is started by run on stdio, in a project without paths of this machine', async (t) => {
  const setting = setUp(t)
  const args = async (...others: string[]): Promise<unknown> => {
    const { out } = await install(setting, ['cursor', 'server.js', '--name', 'n', '--print', ...others])
    return JSON.parse(out).mcpServers.n
  }

  t.same(await args(), {
    command: process.execPath,
    args: [PROGRAM, 'run', join(setting.cwd, 'server.js'), '--transport', 'stdio']
  })
  t.same(await args('--scope', 'project', '--env', 'KEY=a=b', '--', '--db', 'x'), {
    command: 'npx',
    args: ['fastify-mcp-mount', 'run', 'server.js', '--transport', 'stdio', '--', '--db', 'x'],
    env: { KEY: 'a=b' }
  })
  t.match(await install(setting, ['cursor', 'none.js']), { code: 1, err: /^There is no file .*none\.js\.\n$/ })
})

t.test('a command after -- is the server', async (t) => {
  const { out } = await install(setUp(t), ['cursor', '--name', 'n', '--print', '--', 'uvx', 'notes', '--verbose'])

  t.same(JSON.parse(out), { mcpServers: { n: { command: 'uvx', args: ['notes', '--verbose'] } } })
})

t.test('without --name, an entry is named after the directory or the host', async (t) => {
  for (const [args, name] of [
    [['--', 'uvx', 'notes'], 'project'],
    [['http://localhost:8000/mcp'], 'project'],
    [['https://mcp.example.com/mcp'], 'mcp-example-com']
  ] as const) {
    const { out } = await install(setUp(t), ['cursor', '--print', ...args])

    t.same(Object.keys(JSON.parse(out).mcpServers), [name])
  }
})

t.test('a command is installed without secrets, and with them for its owner alone', async (t) => {
  const setting = setUp(t)
  for (const [name, mode] of [['--name=a', 0o644], ['--env=KEY=secret', 0o600]] as const) {
    const file = join(setting.home, '.cursor', 'mcp.json')
    const { code } = await install(setting, ['cursor', '--yes', name, '--', 'uvx', 'notes'])

    t.equal(code, 0)
    t.equal(statSync(file).mode & 0o644, mode)
    rmSync(file)
  }
})
