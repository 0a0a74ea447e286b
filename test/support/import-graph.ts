// Which source files import which, types included.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'

/** The imports of each file, by paths below the directory. Packages are left out. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** Reads the imports of all TypeScript files below a directory, those of types as well. */
export function readImports (directory: string): ImportGraph {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return new Map(names.map((name) => {
    const file = join(directory, name)
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'))
    const local = importedFiles.map(({ fileName }) => fileName).filter((fileName) => fileName.startsWith('.'))
    return [name, local.map((fileName) => relative(directory, resolve(dirname(file), fileName)))]
  }))
}

/**
 * Finds files that import each other in a circle, one list for each circle (Tarjan's strongly connected components).
 */
export function findCircles (graph: ImportGraph): ReadonlyArray<readonly string[]> {
  const circles: string[][] = []
  const indexes = new Map<string, number>()
  const stack: string[] = []

  function visit (file: string): number {
    const index = indexes.size
    indexes.set(file, index)
    stack.push(file)
    let low = index
    for (const imported of graph.get(file) ?? []) {
      if (!indexes.has(imported)) low = Math.min(low, visit(imported))
      else if (stack.includes(imported)) low = Math.min(low, indexes.get(imported) ?? low)
    }
    if (low === index) {
      const members = stack.splice(stack.indexOf(file))
      if (members.length > 1 || graph.get(file)?.includes(file) === true) circles.push(members)
    }
    return low
  }

  for (const file of graph.keys()) if (!indexes.has(file)) visit(file)
  return circles
}
