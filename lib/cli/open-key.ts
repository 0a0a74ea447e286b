// `o` and Enter in the terminal of `dev` open the explorer in the browser.
import { spawn, type ChildProcess } from 'node:child_process'
import { doNothing } from '../do-nothing.ts'
import type { Terminal } from './terminal.ts'

const PROGRAMS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  // The first argument of `start` is the title of a window.
  win32: ['cmd', '/c', 'start', '']
}

/** Opens a URL in the browser. A machine without one prints the URL, which dev has printed already. */
export function openUrl (url: string, platform: NodeJS.Platform = process.platform): ChildProcess {
  const [program = '', ...args] = PROGRAMS[platform] ?? ['xdg-open']
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', doNothing).unref()
  return child
}

/**
 * Opens the explorer each time the user enters `o`.
 * @param findUrl Returns the URL of the explorer; undefined while there is none.
 * @param open Opens a URL.
 * @returns What stops it.
 */
export function onOpenKey (
  { process: { stdin } }: Terminal, findUrl: () => string | undefined, open: (url: string) => unknown = openUrl
): () => void {
  const onData = (chunk: unknown): void => {
    const url = String(chunk).trim() === 'o' ? findUrl() : undefined
    if (url !== undefined) open(url)
  }
  stdin.on('data', onData)
  return () => {
    stdin.off('data', onData)
    stdin.pause()
  }
}
