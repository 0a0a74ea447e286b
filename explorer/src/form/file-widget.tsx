// A field whose value is a file: its bytes in Base64, or a data URI.
import { ariaDescribedByIds, type WidgetProps } from '@rjsf/utils'
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { formatBytes, formatCount } from '../parts/format.ts'
import { visible } from '../parts/text.tsx'
import type { JsonSchema } from '../schema/json-schema.ts'
import { connection } from '../state/current.ts'
import { messageOf } from '../state/problem.ts'
import { acceptedTypes, encodeFile } from './file.ts'

// The page holds a file in its arguments and in the request at once, and draws the form again for each change.
const MAX_BYTES = 32 * 1024 * 1024

/** One value of the field. Its name and size are unknown if it came from elsewhere, such as the URL. */
interface Entry { readonly value: string, readonly name?: string, readonly size?: number }

/** A field that takes one file, or several. */
export function FileWidget (props: WidgetProps): JSX.Element {
  const { id, schema, value, onChange, multiple = false, required, disabled, readonly } = props
  const [known, setKnown] = useState<readonly Entry[]>([])
  const [problem, setProblem] = useState('')
  const entries = [value ?? []].flat().map((text, index): Entry => {
    const entry = known[index]
    return entry !== undefined && entry.value === text ? entry : { value: String(text) }
  })

  const set = (changed: readonly Entry[]): void => {
    setKnown(changed)
    const values = changed.map((entry) => entry.value)
    onChange(multiple ? values : values[0])
  }
  const add = async (files: readonly File[]): Promise<void> => {
    const huge = files.find(({ size }) => size > MAX_BYTES)
    if (huge !== undefined) {
      const limit = formatBytes(MAX_BYTES)
      return setProblem(`${huge.name} has ${formatBytes(huge.size)}. The page takes files of ${limit} at most.`)
    }
    try {
      const added = await Promise.all(files.map((file) => readEntry(file, schema)))
      setProblem('')
      set(multiple ? [...entries, ...added] : added)
    } catch (error) {
      setProblem(`The browser could not read the file: ${messageOf(error)}`)
    }
  }
  return (
    <div class='file'>
      <input
        id={id} class='input' type='file' multiple={multiple} {...acceptedTypes(schema)}
        disabled={disabled === true || readonly === true} required={required === true && entries.length === 0}
        aria-describedby={ariaDescribedByIds(id)}
        onChange={({ currentTarget: input }) => {
          add([...input.files ?? []])
          // The same file may be chosen again.
          input.value = ''
        }}
      />
      <p class='faults' role='alert'>{visible(problem)}</p>
      <ul>
        {entries.map((entry, index) => (
          <li key={index} class='chosen'>
            <ChosenFile {...entry} />
            <button type='button' class='button small' onClick={() => set(entries.toSpliced(index, 1))}>Remove</button>
          </li>
        ))}
      </ul>
      <TooLongNote length={entries.reduce((sum, entry) => sum + entry.value.length, 0)} />
    </div>
  )
}

async function readEntry (file: File, schema: JsonSchema): Promise<Entry> {
  return { value: await encodeFile(file, schema), name: file.name, size: file.size }
}

function ChosenFile ({ value, name, size }: Entry): JSX.Element {
  if (name === undefined || size === undefined) return <span>{formatCount(value.length, 'character')}</span>
  return <span><strong><bdi>{visible(name)}</bdi></strong> <span class='quiet'>{formatBytes(size)}</span></span>
}

function TooLongNote ({ length }: { length: number }): JSX.Element | null {
  const { bodyLimit = Infinity } = connection.value?.mount ?? {}
  if (length <= bodyLimit) return null
  return (
    <p class='hint'>
      This makes a request of {formatBytes(length)}. The mount takes {formatBytes(bodyLimit)} at most, unless the
      tool has a <code>bodyLimit</code> of its own.
    </p>
  )
}
