import { genericHmac } from './generic-hmac.ts'
import { github } from './github.ts'
import type { Provider } from './provider.ts'
import { slack } from './slack.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { stripe } from './stripe.ts'

/** Every provider, sorted by slug. */
export const providers: readonly Provider[] = [genericHmac, github, slack, standardWebhooks, stripe]

const bySlug = new Map(providers.map((provider) => [provider.slug, provider]))

export function findProvider(slug: string): Provider | undefined {
  return bySlug.get(slug)
}
