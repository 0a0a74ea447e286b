// Starts a process for one server, so that its memory and CPU time can be measured. It answers commands with figures.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { figureOf, type Figures } from './servers/answer.ts'

/** A process that answers commands. */
export class Child {
  /** The message that the process sent when it was ready. */
  readonly ready: Figures
  readonly #process: ChildProcess

  private constructor (process: ChildProcess, ready: Figures) {
    this.#process = process
    this.ready = ready
  }

  /** Starts a module of `servers/`. @param setup Passed as JSON in its first argument. */
  static async start (name: string, setup: object): Promise<Child> {
    // As TypeScript or compiled, as this module is.
    const module = fileURLToPath(new URL(`servers/${name}${extname(import.meta.url)}`, import.meta.url))
    const child = spawn(process.execPath, [...process.execArgv, '--expose-gc', module, JSON.stringify(setup)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc']
    })
    return new Child(child, await nextAnswer(child))
  }

  /** Where it listens. */
  get url (): string { return `http://127.0.0.1:${figureOf(this.ready, 'port')}` }

  /** Sends a command and waits for one of its figures. */
  async askFor (name: string, command: string, argument = 0): Promise<number> {
    return figureOf(await this.ask(command, argument), name)
  }

  /** Sends a command and waits for its figures. */
  async ask (command: string, argument = 0): Promise<Figures> {
    const answer = nextAnswer(this.#process)
    this.#process.send({ command, argument })
    return await answer
  }

  /** Ends the process. */
  async stop (): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }
}

/** Starts a process, lets work be done with it, and ends it. */
export async function withChild<T> (start: () => Promise<Child>, work: (child: Child) => Promise<T>): Promise<T> {
  const child = await start()
  try {
    return await work(child)
  } finally {
    await child.stop()
  }
}

/** Starts a process for each item, lets work be done with all of them, and ends them. */
export async function withChildren<I, T> (
  items: readonly I[],
  start: (item: I) => Promise<Child>,
  work: (children: ReadonlyArray<readonly [item: I, child: Child]>) => Promise<T>
): Promise<T> {
  const children: Array<readonly [I, Child]> = []
  try {
    for (const item of items) children.push([item, await start(item)])
    return await work(children)
  } finally {
    await Promise.all(children.map(([, child]) => child.stop()))
  }
}

async function nextAnswer (child: ChildProcess): Promise<Figures> {
  const listening = new AbortController()
  const { signal } = listening
  const died = once(child, 'exit', { signal }).then(() => { throw new Error('a measured process has died') })
  try {
    // The cast holds, because servers/answer.ts sends such answers.
    const [answer] = (await Promise.race([once(child, 'message', { signal }), died])) as [
      { figures: Figures } | { problem: string }
    ]
    if ('problem' in answer) throw new Error(answer.problem)
    return answer.figures
  } finally {
    died.catch(() => {})
    listening.abort()
  }
}
