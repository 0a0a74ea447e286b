import { readdirSync } from 'node:fs'

/** Runs all tests of a directory in one process: to start one for each file takes longer than what most of them test. */
export async function runTogether (directory: string): Promise<void> {
  const url = new URL(`./${directory}/`, import.meta.url)
  for (const name of readdirSync(url, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))) await import(new URL(name, url).href)
}
