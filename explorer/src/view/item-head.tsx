// The head of the page of an item.
import type { ComponentChildren, JSX } from 'preact'
import { Badge } from '../parts/badge.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import { tagsOf } from '../schema/tags.ts'
import type { Kind } from '../state/place.ts'

interface ItemHeadProps {
  readonly kind: Kind
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  /** The `_meta` of the item, which may have tags. */
  readonly meta: unknown
  readonly children?: ComponentChildren
}

const MAX_DESCRIPTION = 5000

/** The name, the labels and the description of an item. */
export function ItemHead ({ kind, name, title, description, meta, children }: ItemHeadProps): JSX.Element {
  return (
    <header class='item-head'>
      <div class='item-title'>
        <Icon name={kind} />
        <h2><bdi>{visible(name.slice(0, 500))}</bdi></h2>
        <CopyButton text={name} what='the name' />
      </div>
      {title !== undefined && title !== name && <p class='subtitle' dir='auto'>{visible(title)}</p>}
      <div class='badges'>
        {children}
        {tagsOf(meta).map((tag) => <Badge key={tag} title='A tag'><bdi>{visible(tag)}</bdi></Badge>)}
      </div>
      {description !== undefined && (
        <p class='description' dir='auto'>{visible(description.slice(0, MAX_DESCRIPTION))}</p>
      )}
    </header>
  )
}
