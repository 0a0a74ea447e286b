// Keeps phrases out of the pages and comments that once made them hard to read. Each has a plainer one.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './code.ts'

type Habit = readonly [phrase: RegExp, plainer: string]

// A sentence begins after a blank line, the mark of a list, a JSDoc tag, or the end of another sentence.
const START = String.raw`(?<=(?:^|\n\s*\n|[.:!>\-]\s|@\w+\s)\s*)`
const VERBS = 'is|are|has|have|had|was|were|does|did|can|may|asks|comes|came|needs|sends|reads|gets|wants'

const HABITS: readonly Habit[] = ([
  // Questions and labels, such as "What is mounted: …", are fine.
  [`${START}(?:What|Who|Whoever|Whom) (?:${VERBS})\\b(?![^.?]*\\?|[^.?]{0,30}:)`, 'name the subject: "A client that …"'],
  [`(?:${START}|(?<=\\| ))(?:One|Ones|Those|Nobody|Nothing) (?:that|who|which|whose|where)\\b`,
    'name the noun: "A session that …"'],
  ['\\b(?:is|are|be|was|were|been|being) told\\b(?! (?:apart|from))', 'is notified, is sent, logs, reports'],
  ['\\btells? (?:of|what|which|whether|so)\\b', 'says, shows, reports, notifies'],
  ['\\b(?:comes|came|come) to\\b(?! (?:an end|mind|nothing|rest|the))', 'resolves to, returns, equals'],
  ['\\bby (?:itself|themselves)\\b', 'on its own, automatically, alone'],
  ['\\b[Bb]esides\\b', 'also, in addition'],
  ['\\bany more\\b(?! than)', 'no longer'],
  ['\\b(?:has|have) to do with\\b', 'concerns'],
  ['\\bgoes by\\b', 'uses'],
  ['\\bhears? of\\b', 'receives, learns'],
  ['\\bsuch as are\\b', 'that are'],
  ['\\b(?:is|are|was|were|being) away\\b', 'is unreachable'],
  ['\\bnone that\\b', 'no … that'],
  ['\\bas few as\\b', 'the fewest, or a number'],
  ['\\bis for \\w+(?: \\w+)? to (?:say|decide)\\b', '… decides'],
  ['\\bbe it\\b', 'whether'],
  ['\\bheed(?:s|ed)?\\b', 'uses, applies, respects'],
  ['(?<!\\b(?:by|for|from|of|to|with) )\\bwhom\\b', 'name the person']
] as const).map(([phrase, plainer]) => [new RegExp(phrase.replaceAll(' ', String.raw`\s+`), 'g'), plainer])

// The functions below blank what is no prose, and keep the rest where it is, so that a finding has a line.
const blank = (text: string): string => text.replace(/\S/g, ' ')

/** Returns the prose of a page of Markdown. */
function proseOf (page: string): string {
  return page
    .replace(/^ *```[^]*?^ *```$/gm, blank)
    .replace(/<!--[^]*?-->|\]\([^)]*\)|https?:\S+/g, blank)
    .replace(/`[^`\n]*(?:\n[^`\n]+)?`/g, (code) => code.replace(/\S/g, 'x'))
}

/** Returns the comments of a source. */
function commentsOf (source: string): string {
  const lines = source.split('\n').map((line) => {
    const [, before = line, comment = ''] = /^(\s*(?:\/\*\*?|\*\/?|\/\/)|.*?\s\/\/(?= ))(.*)$/.exec(line) ?? []
    return blank(before) + comment.replace('*/', '  ')
  })
  return proseOf(lines.join('\n'))
}

function findHabits (file: string, text: string): string[] {
  return HABITS.flatMap(([phrase, plainer]) => [...text.matchAll(phrase)].map(({ 0: found, index }) => {
    const line = text.slice(0, index).split('\n').length
    const around = text.slice(Math.max(0, index - 30), index + found.length + 30).replace(/\s+/g, ' ').trim()
    return `${file}:${line}: "${found.replace(/\s+/g, ' ')}" in "… ${around} …"; plainer: ${plainer}`
  }))
}

function findInFiles (patterns: readonly string[], read: (text: string) => string): string[] {
  const files = execFileSync('git', ['ls-files', ...patterns], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  t.ok(files.length > 10)
  return files.flatMap((file) => findHabits(file, read(readFileSync(join(root, file), 'utf8'))))
}

t.test('a phrase is found across lines, with the line where it begins, and not in code', async (t) => {
  const page = 'A server.\n\n- A client is\n  told of it.\n\n```ts\n// It is told\n```\n\nSee `is told`.\n'
  const source = 'const a = "is told" // What is kept\n// is\n//   told. What is it?\n/** They are told\n * apart. */\n'

  t.match(findHabits('a.md', proseOf(page)), [/^a\.md:3: "is told" in "… .*; plainer: is notified/])
  t.equal(findHabits('a.md', proseOf(page)).length, 1)
  t.match(findHabits('a.ts', commentsOf(source)), [/^a\.ts:1: "What is"/, /^a\.ts:2: "is told"/])
  t.equal(findHabits('a.ts', commentsOf(source)).length, 2)
})

t.test('pages are in plain English', async (t) => {
  t.same(findInFiles(['*.md'], proseOf), [])
})

t.test('comments of lib/, examples/ and template/ are in plain English', async (t) => {
  t.same(findInFiles(['lib/*.ts', 'examples/*.ts', 'template/*.ts'], commentsOf), [])
})
