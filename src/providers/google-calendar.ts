import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const googleCalendar = defineProvider({
  slug: 'google-calendar',
  name: 'Google Calendar/Drive push channels',
  docs: 'https://developers.google.com/workspace/calendar/api/guides/push',
  evidence: 'code',
  secret: { label: 'Channel token' },
  scheme: token({ at: 'header:x-goog-channel-token' }),
  event: {
    type: 'header:x-goog-resource-state',
    id: '{header:x-goog-channel-id}:{header:x-goog-message-number}',
    entityType: '=channel',
    entityId: 'header:x-goog-resource-id',
    changes: '/changes',
  },
  notes: 'The body is empty: what changed is fetched from the API. Channels expire and must be renewed.',
})
