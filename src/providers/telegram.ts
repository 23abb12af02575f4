import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

/** Which of these members a body has says what it is about. */
const MEMBERS =
  'message,edited_message,channel_post,edited_channel_post,business_message,inline_query,' +
  'chosen_inline_result,callback_query,shipping_query,pre_checkout_query,poll,poll_answer,' +
  'my_chat_member,chat_member,chat_join_request,message_reaction,chat_boost'

export const telegram = defineProvider({
  slug: 'telegram',
  name: 'Telegram Bot API',
  docs: 'https://core.telegram.org/bots/api#setwebhook',
  evidence: 'sdk',
  secret: { label: 'secret_token of setWebhook' },
  scheme: token({ at: 'header:x-telegram-bot-api-secret-token' }),
  event: {
    type: `oneOf:${MEMBERS}`,
    id: '/update_id',
    entityType: '=chat',
    entityId: [
      '/message/chat/id',
      '/edited_message/chat/id',
      '/channel_post/chat/id',
      '/callback_query/message/chat/id',
    ],
    occurredAt: ['/message/date', '/edited_message/edit_date', '/channel_post/date'],
  },
})
