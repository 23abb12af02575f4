import { z } from 'zod'
import { isoTime } from '../model/clock.ts'
import { ProblemError } from '../model/problem.ts'
import { uidSchema } from '../model/tenant.ts'

/** What every named resource may be given beside its settings. */
export const namedFields = {
  name: z.string().min(1).max(200).optional(),
  uid: uidSchema.optional(),
}

/** The fields that a resource's representation has beside its settings. */
export const shownFields = {
  name: z.string(),
  uid: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}

export function presentTimes({ createdAt, updatedAt }: { createdAt: number; updatedAt: number }): {
  createdAt: string
  updatedAt: string
} {
  return { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) }
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}

export function uidTaken(): ProblemError {
  return new ProblemError('conflict', 'Another resource of this kind has the same `uid`.')
}

/** For a PUT that would change what a resource was made with. */
export function fixed(field: string): ProblemError {
  return new ProblemError('conflict', `The \`${field}\` of a resource stays. Delete it and create another.`)
}
