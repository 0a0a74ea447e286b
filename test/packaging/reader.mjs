// Does what a page asks its reader to do, in a folder: saves files, runs commands, starts servers and programs.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from './ask.mjs'
import { endpointOf } from './page.mjs'
import { findPort, isListening } from './ports.mjs'
import { runToEnd, startServer } from './terminal.mjs'

const DEV = /^npx fastify-mcp-mount dev ([\w./-]+)/
const PORT = /\b80\d\d\b/g
const SETUP = "trap 'pwd > \"$LEAVES_AT\"' EXIT\n"

/** A reader who starts in an empty folder. */
export class Reader {
  #cwd
  #env
  #sourceOf
  #leavesAt
  #saved = new Map()
  #ports = new Map()
  #servers = []

  /** Commands see `env`, and `npm install` installs `sourceOf(name)`. */
  constructor (folder, { env, sourceOf }) {
    this.#cwd = folder
    this.#env = env
    this.#sourceOf = sourceOf
    this.#leavesAt = join(folder, '.leaves-at')
  }

  /** Follows one block of a page. */
  async follow (block) {
    if (block.language === 'sh') return await this.runCommands(block.code)
    assert.ok(block.isSaved || block.language === 'ts', 'nothing says what to do with this block: list it, and why')

    await this.#save(block)
    if (block.isSaved) return
    await (block.serves ? this.#tryServer(block) : this.#runProgram(block))
  }

  /** Runs the lines of a block in the folder that the last one changed to. */
  async runCommands (code) {
    const lines = (await this.#replacePorts(code)).trim().split('\n').map((line) => this.#replacePackages(line))
    // A server keeps its terminal busy: the other lines are typed in another one.
    const serving = lines.filter((line) => this.#fileOf(line)?.serves)
    const trying = lines.filter((line) => DEV.test(line))
    const others = lines.filter((line) => !serving.includes(line) && !trying.includes(line))

    for (const line of serving) await this.#startServer(line)
    for (const line of trying) await this.#tryDev(line)
    if (others.length === 0) return
    const env = { ...this.#env, LEAVES_AT: this.#leavesAt }
    const output = await runToEnd('bash', ['-ec', SETUP + others.join('\n')], { cwd: this.#cwd, env })
    this.#cwd = readFileSync(this.#leavesAt, 'utf8').trim()
    for (const line of others) checkPrinted(this.#fileOf(line)?.printed ?? [], output)
  }

  /** Returns the URL of a server that a page starts at this port. */
  urlOf (port, path) {
    return `http://127.0.0.1:${this.#ports.get(port)}${path}`
  }

  /** Presses Ctrl-C in all terminals. */
  async stopServers () {
    for (const server of this.#servers.splice(0)) await interrupt(server)
  }

  async killServers () {
    for (const { stop } of this.#servers) await stop('SIGKILL')
  }

  async #save (block) {
    assert.ok(!this.#saved.has(block.file), `two blocks are saved as ${block.file}`)
    this.#saved.set(block.file, block)
    writeFileSync(join(this.#cwd, block.file), await this.#replacePorts(block.code))
  }

  async #runProgram ({ file, code, printed }) {
    const test = code.includes("'node:test'") ? ['--test'] : []
    const args = ['--import', 'tsx', ...test, file]
    checkPrinted(printed, await runToEnd(process.execPath, args, { cwd: this.#cwd, env: this.#env }))
  }

  async #tryServer ({ file, code }) {
    const port = await findPort()
    const command = [process.execPath, '--import', 'tsx', file]
    const server = await startServer(port, command, { cwd: this.#cwd, env: { ...this.#env, PORT: String(port) } })
    await ask(`http://127.0.0.1:${port}${endpointOf(code)}`)
    assert.equal(await server.stop('SIGTERM'), 0, `${file} did not end as it should\n${server.output()}`)
  }

  // The page's server may hold the port that dev would take.
  async #tryDev (line) {
    const port = await findPort()
    const dev = await startServer(port, ['bash', '-c', `${line} --port ${port}`], { cwd: this.#cwd, env: this.#env })
    try {
      await ask(`http://127.0.0.1:${port}${endpointOf(this.#saved.get(DEV.exec(line)[1]).code)}`)
    } finally {
      await interrupt({ ...dev, line, port })
    }
  }

  async #startServer (line) {
    const port = Number(/\bPORT=(\d+)/.exec(line)?.[1] ?? this.#ports.get('8000'))
    const { stop } = await startServer(port, ['bash', '-c', line], { cwd: this.#cwd, env: this.#env })
    this.#servers.push({ stop, line, port })
  }

  // The ports of the pages may be in use here.
  async #replacePorts (code) {
    for (const [port] of code.matchAll(PORT)) {
      if (!this.#ports.has(port)) this.#ports.set(port, String(await findPort()))
    }
    return code.replace(PORT, (port) => this.#ports.get(port))
  }

  #replacePackages (line) {
    const [, command, names] = /^(npm install(?: --save-dev)?) ([\w@/ -]+)$/.exec(line) ?? []
    return names === undefined ? line : [command, ...names.split(' ').map(this.#sourceOf)].join(' ')
  }

  // Returns the saved file that a command runs.
  #fileOf (line) {
    return this.#saved.get(/\btsx ([\w./-]+\.ts)$/.exec(line)?.[1])
  }
}

async function interrupt ({ stop, line, port }) {
  await stop('SIGINT')
  assert.equal(await isListening(port), false, `${line} goes on after Ctrl-C`)
}

function checkPrinted (promised, output) {
  const lines = output.split('\n')
  const missing = promised.filter((line) => !lines.includes(line))
  assert.deepEqual(missing, [], `the page promises\n${missing.join('\n')}\nbut this was printed:\n${output}`)
}
