import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { halopsa } from './halopsa.ts'
import type { Registration } from './registration.ts'
import { shopify } from './shopify.ts'
import { stripe } from './stripe.ts'

export const REGISTRATIONS: readonly Registration[] = [github, gitlab, halopsa, shopify, stripe]

export function findRegistration(provider: string): Registration | undefined {
  return REGISTRATIONS.find((each) => each.provider === provider)
}
