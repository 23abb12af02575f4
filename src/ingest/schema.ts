import type { FieldError } from '../model/problem.ts'
import type { RawRequest } from '../model/request.ts'
import type { Source } from '../model/source.ts'
import { documentOf } from '../providers/scheme/document.ts'
import { schemaErrors } from '../providers/scheme/json-schema.ts'

/** Comparing each item with each other takes the square of their number: what is larger is not checked. */
const CHECKED_BYTES_MAX = 1024 * 1024

/** Where the body, as a whole, does not fit the schema of its source; empty when it fits or there is none. */
export function schemaMismatch({ settings }: Source, request: RawRequest): FieldError[] {
  if (settings.schema === null) return []
  if (request.body.byteLength > CHECKED_BYTES_MAX) {
    return [{ path: '', message: `the body has more than ${CHECKED_BYTES_MAX} bytes and is not checked` }]
  }
  const document = documentOf(request)
  // Bodies that would harm us are refused with their own reason.
  if (document.kind === 'hostile') return []
  if (!('value' in document)) return [{ path: '', message: 'the body holds no document' }]
  return schemaErrors(settings.schema.jsonSchema, document.value)
}
