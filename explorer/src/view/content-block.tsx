// One block of content, by its kind.
import type { ContentBlock as Block, ResourceContents } from '@modelcontextprotocol/client'
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { asRows, DataTable } from '../parts/data-table.tsx'
import { Icon } from '../parts/icon.tsx'
import { JsonTree } from '../parts/json-tree.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { formatBytes, LongText, visible } from '../parts/text.tsx'
import { go, place } from '../state/place.ts'

const Markdown = lazyPart(async () => (await import('../parts/markdown.tsx')).Markdown, () => <p class='quiet'>…</p>)

/** One block of content. */
export function ContentBlock ({ block }: { block: Block }): JSX.Element {
  switch (block.type) {
    case 'text': return <Text text={block.text} />
    case 'image': return <Picture data={block.data} mimeType={block.mimeType} />
    case 'audio': return <Sound data={block.data} mimeType={block.mimeType} />
    case 'resource': return <ResourceBlock contents={block.resource} />
    case 'resource_link': {
      const { uri, name, title, description } = block
      return <ResourceLink uri={uri} name={title ?? name} description={description} />
    }
    default: return <JsonTree value={block} />
  }
}

/** The contents of a resource. */
export function ResourceBlock ({ contents }: { contents: ResourceContents }): JSX.Element {
  // The schema of the client has one of two: text or blob.
  const { uri, mimeType, text, blob } = contents as ResourceContents & { text?: string, blob?: string }
  return (
    <figure class='resource'>
      <figcaption><code><bdi>{visible(uri)}</bdi></code> <span class='quiet'>{mimeType}</span></figcaption>
      {text !== undefined && <Text text={text} mimeType={mimeType} />}
      {blob !== undefined && <Blob data={blob} mimeType={mimeType ?? 'application/octet-stream'} />}
    </figure>
  )
}

function Blob ({ data, mimeType }: { data: string, mimeType: string }): JSX.Element {
  if (mimeType.startsWith('image/')) return <Picture data={data} mimeType={mimeType} />
  if (mimeType.startsWith('audio/')) return <Sound data={data} mimeType={mimeType} />
  return <p class='quiet'>{formatBytes(data.length * 3 / 4)} of {visible(mimeType)}</p>
}

type View = 'markdown' | 'json' | 'table' | 'text'
const NAMES: Readonly<Record<View, string>> = { markdown: 'Markdown', json: 'Tree', table: 'Table', text: 'Text' }

/** A text, shown as what it is: Markdown, JSON, a table, or plain. */
export function Text ({ text, mimeType }: { text: string, mimeType?: string | undefined }): JSX.Element {
  const json = parseJson(text)
  const rows = asRows(json)
  const views: View[] = [
    ...rows !== undefined ? ['table' as const] : [],
    ...json !== undefined ? ['json' as const] : [],
    ...json === undefined && isMarkdown(text, mimeType) ? ['markdown' as const] : [],
    'text'
  ]
  const [chosen, setChosen] = useState<View>()
  const view = chosen !== undefined && views.includes(chosen) ? chosen : views[0]
  return (
    <div class='block'>
      {views.length > 1 && (
        <div class='segments small' role='group' aria-label='Shown as'>
          {views.map((name) => (
            <button key={name} type='button' aria-pressed={name === view} onClick={() => setChosen(name)}>
              {NAMES[name]}
            </button>
          ))}
        </div>
      )}
      {view === 'table' && rows !== undefined && <DataTable rows={rows} label='Result' />}
      {view === 'json' && <JsonTree value={json} />}
      {view === 'markdown' && <Markdown text={text} />}
      {view === 'text' && <LongText text={text} />}
    </div>
  )
}

function isMarkdown (text: string, mimeType: string | undefined): boolean {
  if (mimeType !== undefined && mimeType !== 'text/plain') return mimeType.startsWith('text/markdown')
  return /^#{1,6} \S|^\s*[-*] \S.*\n\s*[-*] \S|\*\*\S.*\S\*\*|^```|\[[^\]\n]+\]\(https?:|^\|.*\|\n\|[\s:|-]+\|/m
    .test(text.slice(0, 5000))
}

const MAX_JSON = 2_000_000

/** Parses a text that is an object or an array; undefined if it is neither. */
function parseJson (text: string): unknown {
  if (!/^\s*[[{]/.test(text) || text.length > MAX_JSON) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const IMAGES = /^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml)$/

function Picture ({ data, mimeType }: { data: string, mimeType: string }): JSX.Element {
  const [isBroken, setBroken] = useState(false)
  const size = formatBytes(data.length * 3 / 4)
  if (isBroken || !IMAGES.test(mimeType)) {
    return <p class='quiet'>A picture that this browser cannot show: {visible(mimeType)}, {size}</p>
  }
  // An SVG in an <img> neither runs scripts nor loads anything.
  return (
    <figure class='picture'>
      <img src={`data:${mimeType};base64,${data}`} alt='Picture of the result' onError={() => setBroken(true)} />
      <figcaption class='quiet'>{mimeType}, {size}</figcaption>
    </figure>
  )
}

function Sound ({ data, mimeType }: { data: string, mimeType: string }): JSX.Element {
  return (
    <figure class='sound'>
      <audio controls src={`data:${mimeType};base64,${data}`} aria-label='Sound of the result' />
      <figcaption class='quiet'>{visible(mimeType)}, {formatBytes(data.length * 3 / 4)}</figcaption>
    </figure>
  )
}

function ResourceLink (
  { uri, name, description }: { uri: string, name: string, description?: string | undefined }
): JSX.Element {
  const open = (): void => go({ mount: place.value.mount, era: place.value.era, kind: 'resource', name: uri })
  return (
    <button type='button' class='resource-link' onClick={open}>
      <Icon name='resource' />
      <span><strong><bdi>{visible(name)}</bdi></strong> <code><bdi>{visible(uri)}</bdi></code></span>
      {description !== undefined && <span class='quiet' dir='auto'>{visible(description)}</span>}
    </button>
  )
}
