// Faults of a text that is typed into a field, which the value of the field does not show: JSON that is not finished,
// and numbers that have to be rounded. A form with such a fault is not sent.
import type { Field, FieldProps } from '@rjsf/utils'
import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Fault } from '../schema/validation.ts'

/** A field, and what is wrong with the text in it. */
interface TypedText { path: string, message: string | undefined }

/** The fields of a form that may have such faults. */
export type TypedTexts = Set<TypedText>

export const TypedTextsContext = createContext<TypedTexts>(new Set())

/** Lists the faults of the texts. */
export function listTypedFaults (texts: TypedTexts): readonly Fault[] {
  return [...texts].flatMap(({ path, message }) => message === undefined ? [] : [{ path, message }])
}

/** Keeps the fault that a field reports with its value, for the validator. The library shows it and forgets it. */
export function keepFault (Reporting: Field): Field {
  return function FieldWithFault (props: FieldProps) {
    const texts = useContext(TypedTextsContext)
    const [text] = useState<TypedText>({ path: '', message: undefined })
    // Items of a list move.
    text.path = pointerOf(props.fieldPathId.path)
    useEffect(() => {
      texts.add(text)
      return () => { texts.delete(text) }
    }, [texts])

    const change: FieldProps['onChange'] = (value, path, errors, id) => {
      text.message = errors?.__errors?.[0]
      props.onChange(value, path, errors, id)
    }
    return <Reporting {...props} onChange={change} />
  } as Field
}

// RFC 6901
function pointerOf (path: ReadonlyArray<string | number>): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
