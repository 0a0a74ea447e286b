// The picture of `dev` in the README: what it prints for the files of docs/getting-started.md, and while a client calls
// their tools.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { LOADER } from '../../support/child.ts'
import { findPort } from '../../support/free-port.ts'
import { gettingStartedFiles, root } from '../code.ts'
import { drawTerminal } from './terminal.ts'

/** Where the picture is. */
export const PICTURE = join(root, 'docs/assets/dev.svg')

const PROGRAM = [...LOADER, join(root, 'lib/cli.ts')]
const COMMAND = ['dev', 'app.ts', '--export', 'createApp']
const CALLS = [['add_note', 'text=Buy milk'], ['find_note', 'id=1'], ['find_note', 'id=7']] as const

/** Runs `dev`, has a client call the server, and draws what it has printed. The port becomes 8000. */
export async function drawDev (): Promise<string> {
  const port = String(await findPort())
  const directory = createProject()
  try {
    const lines = await runDev(directory, port)
    const shown = lines.map((line) => line.replaceAll(`127.0.0.1:${port}`, '127.0.0.1:8000'))
    return drawTerminal('A server in the terminal', ['npx fastify-mcp-mount', ...COMMAND].join(' '), shown)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

// Within the project, where `dev` finds tsx.
function createProject (): string {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const directory = mkdtempSync(join(root, '.cache/picture-'))
  for (const [name, code] of Object.entries(gettingStartedFiles)) writeFileSync(join(directory, name), code)
  return directory
}

async function runDev (cwd: string, port: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [...PROGRAM, ...COMMAND, '--port', port], {
    cwd, env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: '' }, stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended = once(child, 'close')
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (!line.includes('Ctrl-C')) continue
    callTools(`http://127.0.0.1:${port}/notes/mcp`)
    child.kill('SIGINT')
  }
  await ended
  return lines
}

function callTools (url: string): void {
  for (const [tool, argument] of CALLS) {
    spawnSync(process.execPath, [...PROGRAM, 'inspect', url, 'call', tool, '--arg', argument])
  }
}
