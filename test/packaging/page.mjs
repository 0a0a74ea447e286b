// Reads a page of the guide as the steps that its reader takes.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from './pack.mjs'

const BLOCK = /(?:^|\n)((?:[^\n]+\n)*)\n*```(\w*)\n([^]*?)^```$/gm
const SAVED = /(?:save|and) this as `([\w./-]+)`[^`]*$/i
const PROMISE = /^console\.log\(.*\) \/\/ (.+)$/gm
const SERVES = /\.listen\(/

/**
 * Returns the blocks of a page, in its order. Each has a `file`: the name that the text before it gives, or one made of
 * the page and a number. `isSaved` says whether the text gives it.
 */
export function blocksOf (page) {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  const blocks = [...text.matchAll(BLOCK)].map(({ 1: before, 2: language, 3: code, index: at }, index) => {
    const saved = SAVED.exec(before)?.[1]
    return {
      language,
      code,
      line: text.slice(0, text.indexOf('```', at + before.length)).split('\n').length,
      file: saved ?? `${basename(page, '.md')}-${index + 1}.ts`,
      isSaved: saved !== undefined,
      printed: [...code.matchAll(PROMISE)].map(([, output]) => output),
      serves: SERVES.test(code)
    }
  })
  if (blocks.length * 2 !== text.match(/^\s*```/gm)?.length) throw new Error(`${page} has blocks that were not read`)
  return blocks
}

/** Returns the path at which the server of a block has its endpoint. */
export function endpointOf (code) {
  const prefix = /prefix: '([^']+)'/.exec(code)?.[1] ?? ''
  return `${prefix}/mcp`
}
