import { defineErrors } from '../../../platform/core/errors.ts';

export const callErrors = defineErrors({
  model_not_found: {
    status: 404,
    title: 'No connection has this model',
    hint: 'Ask GET /gateway/openai/v1/models for what may be called; an administrator makes connections and aliases.',
  },
  model_not_allowed: {
    status: 403,
    title: 'This model may not be called',
    hint: 'The policy of the organization or the project lists the models that may be.',
  },
  unknown_project: {
    status: 422,
    title: 'There is no such project',
    hint: 'Give the id or the slug of a project of this organization in the Plinth-Project header.',
  },
  provider_unavailable: {
    status: 503,
    title: 'The provider does not answer',
    hint: 'Wait for the seconds in Retry-After; an alias with a second connection would have fallen back to that.',
  },
  provider_refused_key: {
    status: 502,
    title: 'The provider refuses the connection’s key',
    hint: 'An administrator gives the connection another key: PATCH /v1/provider-connections/:id.',
  },
  provider_answer_invalid: {
    status: 502,
    title: 'The provider’s answer can not be read',
    hint: 'What it may have cost is charged as an estimate; try again.',
  },
  provider_answer_cut: {
    status: 502,
    title: 'The provider’s answer ended in the middle',
    hint: 'What had come is charged; try again.',
  },
  call_not_supported: {
    status: 422,
    title: 'This way of calling is not supported here',
    hint: 'The field is named in "param"; what is supported stands in the guide of the gateway.',
  },
});
