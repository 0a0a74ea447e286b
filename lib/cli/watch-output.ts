// Replaces what `node --watch` prints about its process by what the user of `dev` needs to know.

// Node.js paints these lines, and prints them to standard output, each in one write. Some end with advice of its own.
const COLOURS = String.raw`(?:\u001b\[[\d;]*m)*`
const WATCH_LINE = new RegExp(
  `^${COLOURS}(?:(Restarting|Failed running|Completed running|Gracefully restarted) '[^\\n]*file-server[^\\n]*` +
    String.raw`|Waiting for graceful termination\.\.\.[^\n]*|Change detected in '[^\n]*'(?:\u001b\[[\d;]*m)*)\n?`,
  'gm'
)
const ENDED: ReadonlySet<string | undefined> = new Set(['Failed running', 'Completed running'])

/** Returns a chunk of output without the lines of `node --watch`. @param waiting The line for a run that has ended. */
export function editWatchOutput (text: string, waiting: string): string {
  return text.replace(WATCH_LINE, (_line, what?: string) => ENDED.has(what) ? `${waiting}\n` : '')
}
