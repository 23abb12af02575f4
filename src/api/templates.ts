import { z } from 'zod'
import { CRM } from '../templates/crm.ts'
import { ENRICHMENT } from '../templates/enrichment.ts'
import { HALOPSA } from '../templates/halopsa.ts'
import { SYNC } from '../templates/sync.ts'
import type { Template } from '../templates/template.ts'
import { operation, type Operation } from './operation.ts'
import { pageSchema } from './page.ts'

const TEMPLATES: readonly Template[] = [...HALOPSA, ...ENRICHMENT, ...CRM, ...SYNC]

const settings = z.record(z.string(), z.unknown())
const shownSchema = z.object({
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  /** For `POST /v1/sources`; null: for events that are published. */
  source: settings.nullable(),
  /** For `POST /v1/subscriptions`, with an `endpointId` and perhaps `sourceIds`. */
  subscription: settings,
})

export function templateOperations(): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/templates',
      summary: 'List ready subscriptions: what their source should be, and what they make of its events',
      access: 'subscriptions',
      answers: { status: 200, schema: pageSchema(shownSchema) },
      run: async () => ({ status: 200, body: { data: TEMPLATES, next: null } }),
    }),
  ]
}
