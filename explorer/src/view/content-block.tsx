// One block of content, by its kind.
import type {
  BlobResourceContents, ContentBlock as ResultBlock, SamplingMessageContentBlock, TextResourceContents
} from '@modelcontextprotocol/client'
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Choice } from '../parts/choice.tsx'
import { asRows, DataTable } from '../parts/data-table.tsx'
import { formatBytes } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { JsonTree } from '../parts/json-tree.tsx'
import { Markdown } from '../parts/lazy-markdown.ts'
import { LongText, visible } from '../parts/text.tsx'
import { parseExactly } from '../schema/json-text.ts'
import { placeOf } from '../state/item-place.ts'
import { go } from '../state/place.ts'

/** A block of a result, or of a message to a model. */
export type Block = ResultBlock | SamplingMessageContentBlock

type Contents = TextResourceContents | BlobResourceContents

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
export function ResourceBlock ({ contents }: { contents: Contents }): JSX.Element {
  const { uri, mimeType } = contents
  return (
    <figure class='resource'>
      <figcaption><code><bdi>{visible(uri)}</bdi></code> <span class='quiet'>{mimeType}</span></figcaption>
      {'text' in contents
        ? <Text text={contents.text} mimeType={mimeType} />
        : <Blob data={contents.blob} mimeType={mimeType ?? 'application/octet-stream'} uri={uri} />}
    </figure>
  )
}

interface BlobProps { readonly data: string, readonly mimeType: string, readonly uri: string }

function Blob ({ data, mimeType, uri }: BlobProps): JSX.Element {
  if (mimeType.startsWith('image/')) return <Picture data={data} mimeType={mimeType} />
  if (mimeType.startsWith('audio/')) return <Sound data={data} mimeType={mimeType} />
  return <Download data={data} mimeType={mimeType} uri={uri} />
}

// The type is not that of the server, so that the browser saves the file and opens it in no case.
function Download ({ data, mimeType, uri }: BlobProps): JSX.Element {
  const name = uri.slice(uri.lastIndexOf('/') + 1).replace(/[^\w.-]+/g, '_').slice(0, 100)
  return (
    <p class='actions'>
      <a class='button' href={`data:application/octet-stream;base64,${data}`} download={name || 'resource'}>Save</a>
      <span class='quiet'>{formatSize(data)} of {visible(mimeType)}</span>
    </p>
  )
}

// Four characters of Base64 hold three bytes.
function formatSize (base64: string): string {
  return formatBytes(base64.length * 3 / 4)
}

type View = 'markdown' | 'json' | 'table' | 'text'
const NAMES: Readonly<Record<View, string>> = { markdown: 'Markdown', json: 'Tree', table: 'Table', text: 'Text' }

/** A text, shown as what it is: Markdown, JSON, a table, or plain. */
export function Text ({ text, mimeType }: { text: string, mimeType?: string | undefined }): JSX.Element {
  const json = parseStructure(text)
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
        <Choice
          label='Show as' options={views.map((name) => [name, NAMES[name]])} chosen={view} onChoose={setChosen} isSmall
        />
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

/** Parses a text that is an object or an array; undefined if it is neither, or would be shown with other numbers. */
function parseStructure (text: string): unknown {
  return /^\s*[[{]/.test(text) && text.length <= MAX_JSON ? parseExactly(text) : undefined
}

const IMAGES = /^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml)$/

function Picture ({ data, mimeType }: { data: string, mimeType: string }): JSX.Element {
  const [isBroken, setBroken] = useState(false)
  const size = formatSize(data)
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
      <figcaption class='quiet'>{visible(mimeType)}, {formatSize(data)}</figcaption>
    </figure>
  )
}

function ResourceLink (
  { uri, name, description }: { uri: string, name: string, description?: string | undefined }
): JSX.Element {
  return (
    <button type='button' class='resource-link' onClick={() => go(placeOf({ kind: 'resource', name: uri }))}>
      <Icon name='resource' />
      <span><strong><bdi>{visible(name)}</bdi></strong> <code><bdi>{visible(uri)}</bdi></code></span>
      {description !== undefined && <span class='quiet' dir='auto'>{visible(description)}</span>}
    </button>
  )
}
