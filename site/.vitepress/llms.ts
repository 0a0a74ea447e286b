// What models read in place of the pages: llms.txt is an index of the guide (https://llmstxt.org), llms-full.txt all of it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { titleOf, toUrl } from './pages.ts'
import { GUIDE } from './sidebar.ts'

const HEAD = `# fastify-mcp-mount

> A Fastify plugin that mounts any number of Model Context Protocol (MCP) servers into one Fastify app.
`

/** Writes both files into the folder of the site. */
export function writeTextsForModels (root: URL, folder: string): void {
  const read = (page: string): string => readFileSync(new URL(`docs/${page}.md`, root), 'utf8')
  const describe = (page: string): string =>
    `- [${titleOf(read(page))}](${toUrl(`docs/${page}.md`)}): ${firstSentence(read(page))}\n`
  const index = Object.entries(GUIDE).map(([topic, pages]) => `## ${topic}\n\n${pages.map(describe).join('')}`)
  const texts = Object.values(GUIDE).flat().filter((page) => page !== 'api').map(read)

  writeFileSync(join(folder, 'llms.txt'), [HEAD, ...index].join('\n'))
  writeFileSync(join(folder, 'llms-full.txt'), [HEAD, ...texts].join('\n'))
}

function firstSentence (markdown: string): string {
  const [, paragraph = ''] = /^# .+\n+([^\n#`|>].*(?:\n.+)*)/m.exec(markdown) ?? []
  const [sentence = ''] = /^.*?[.:](?=\s|$)/s.exec(paragraph) ?? []
  return sentence.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/\s+/g, ' ').replace(/:$/, '.')
}
