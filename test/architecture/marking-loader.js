// Loads lib/ with a mark at the head of each function, so that a program can record the functions that a request
// enters.
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import tsBlankSpace from 'ts-blank-space'
import ts from 'typescript'

const LIB = new URL('../../lib/', import.meta.url).href

if (isMainThread) {
  globalThis.enterFunction = () => {}
  register(import.meta.url)
}

/** The hook of Node.js for the source of a module. */
export async function load (url, context, nextLoad) {
  if (!url.startsWith(LIB)) return await nextLoad(url, context)
  const source = mark(await readFile(fileURLToPath(url), 'utf8'), url.slice(LIB.length))
  return { format: 'module', source: tsBlankSpace(source), shortCircuit: true }
}

/** Puts a mark into each function that has a block for a body. */
function mark (source, file) {
  const marks = []
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body !== undefined && ts.isBlock(node.body)) {
      marks.push({ position: node.body.getStart() + 1, name: nameOf(node) })
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true))
  return marks
    .sort((a, b) => b.position - a.position)
    .reduce((text, { position, name }) => `${text.slice(0, position)}enterFunction(${JSON.stringify(file)}, ${JSON.stringify(name)});${text.slice(position)}`, source)
}

function nameOf (node) {
  return node.name?.getText() ?? (ts.isConstructorDeclaration(node) ? 'constructor' : 'anonymous')
}
