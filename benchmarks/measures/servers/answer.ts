// Answers commands in a measured process: CPU time, memory, and further commands of its own.
import type { Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** The figures that a process reports, by the names of the commands. */
export type Figures = Readonly<Record<string, number>>

/** One of the figures. */
export function figureOf (figures: Figures, name: string): number {
  const figure = figures[name]
  if (figure === undefined) throw new Error(`a measured process did not report '${name}'`)
  return figure
}

/** Runs a command. */
export type Command = (argument: number) => Figures | Promise<Figures>

/** Reports that the process is ready, and then answers commands until its parent process ends. */
export function answerCommands (ready: Figures, commands: Readonly<Record<string, Command>>): void {
  const all: Readonly<Record<string, Command>> = { cpu: readCpu, ...commands }

  process.on('message', async ({ command, argument }: { readonly command: string, readonly argument: number }) => {
    try {
      const run = all[command]
      if (run === undefined) throw new Error(`there is no command '${command}'`)
      process.send?.({ figures: await run(argument) })
    } catch (error) {
      process.send?.({ problem: error instanceof Error ? error.stack : String(error) })
    }
  })
  process.once('disconnect', () => process.exit())
  process.send?.({ figures: ready })
}

/**
 * Builds the command that reads the memory once a server has as many connections as the argument says, and garbage is
 * collected.
 */
export function createMemoryCommand (server: Server): Command {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('memory is only told with --expose-gc')

  return async function readMemory (connections) {
    // A connection that a client keeps open for another request is not one of the expected ones.
    server.closeIdleConnections()
    while (await countConnections(server) !== connections) await wait(10)
    // Objects that one collection finalises are freed by a later one.
    for (let collections = 0; collections < 4; collections++) {
      gc()
      await wait(20)
    }
    const { heapUsed, external, rss } = process.memoryUsage()
    return { heapUsed, external, rss }
  }
}

function readCpu (): Figures {
  const { user, system } = process.cpuUsage()
  return { micros: user + system }
}

function countConnections (server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => error === null ? resolve(count) : reject(error))
  })
}
