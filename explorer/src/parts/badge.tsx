// Small labels.
import type { ComponentChildren, JSX } from 'preact'
import type { ToolAnnotations } from '@modelcontextprotocol/client'

/** What the colour of a label says. */
export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent'

interface BadgeProps {
  readonly tone?: Tone
  readonly title?: string
  readonly children: ComponentChildren
}

/** A small label. */
export function Badge ({ tone = 'plain', title, children }: BadgeProps): JSX.Element {
  return <span class={`badge ${tone}`} title={title}>{children}</span>
}

/** The annotations of a tool as labels. What a tool leaves out has the default of the protocol, and no label. */
export function AnnotationBadges ({ annotations = {} }: { annotations?: ToolAnnotations | undefined }): JSX.Element {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations
  return (
    <>
      {readOnlyHint === true && <Badge tone='good' title='It changes nothing'>read-only</Badge>}
      {readOnlyHint !== true && destructiveHint === true &&
        <Badge tone='bad' title='It may delete or overwrite'>destructive</Badge>}
      {readOnlyHint !== true && destructiveHint === false &&
        <Badge title='It only adds, and overwrites nothing'>additive</Badge>}
      {readOnlyHint !== true && idempotentHint === true &&
        <Badge title='A second call with the same arguments changes nothing more'>idempotent</Badge>}
      {openWorldHint === true &&
        <Badge tone='warn' title='It talks to systems outside of the server'>open world</Badge>}
    </>
  )
}
