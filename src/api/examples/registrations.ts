import { CREATED, pageOf, SOURCE, type Examples } from './example.ts'

const REGISTRATION = 'reg_01K6Z40C7MPX2W9T5QJ8VDRHNB'

export function registrationExamples(): Examples {
  const target = { owner: 'octo', repository: 'hello' }
  const events = ['push', 'pull_request']
  const url = `https://hooks.example.com/in/${SOURCE}`
  const shown = {
    id: REGISTRATION,
    sourceId: SOURCE,
    provider: 'github',
    baseUrl: 'https://api.github.com',
    target,
    url,
    events,
    hookIds: ['1296269'],
    state: 'registered',
    keepsCredentials: false,
    ...CREATED,
  }
  const hook = { id: '1296269', url, events, active: true, pointsHere: true, registered: true }
  return {
    'POST /sources/:id/registrations': {
      body: { credentials: { token: 'ghp_exampleexampleexample' }, target, events },
      answer: shown,
    },
    'GET /sources/:id/registrations': { answer: pageOf(shown) },
    'GET /sources/:id/registrations/:registrationId': { answer: shown },
    'GET /sources/:id/registrations/:registrationId/hooks': { answer: pageOf(hook) },
  }
}
