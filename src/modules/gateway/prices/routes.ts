import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import {
  Id,
  IdParams,
  Line,
  Nullable,
  PageOf,
  pageFields,
  parseTime,
  Timestamp,
} from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import {
  createPriceOverride,
  deletePriceOverride,
  listPriceOverrides,
  readPriceOverride,
  updatePriceOverride,
} from './overrides.ts';
import { forgetPrices } from './price-book.ts';

const closed = { additionalProperties: false } as const;
const tiers_max = 10;

const Rate = Type.String({
  pattern: '^[0-9]{1,9}(\\.[0-9]{1,12})?$',
  description: 'USD a million tokens, as a decimal.',
});
const tokenRates = {
  input: Type.Optional(Rate),
  cached_input: Type.Optional(Rate),
  cache_write: Type.Optional(Rate),
  cache_write_1h: Type.Optional(Rate),
  output: Type.Optional(Rate),
  reasoning: Type.Optional(Rate),
};
const priceFields = {
  ...tokenRates,
  request: Type.Optional({ ...Rate, description: 'USD a call, as a decimal.' }),
  tiers: Type.Optional(
    Type.Array(
      Type.Object(
        {
          ...tokenRates,
          above: Type.Integer({
            minimum: 0,
            maximum: 1_000_000_000,
            description: 'From more input tokens than this on, these prices hold for the whole call.',
          }),
        },
        closed,
      ),
      { maxItems: tiers_max },
    ),
  ),
  batch: Type.Optional(Type.Object(tokenRates, { ...closed, description: 'For calls in a batch.' })),
};
const Prices = Type.Object(priceFields, closed);

const Override = Type.Object(
  {
    id: Id,
    provider: Type.String(),
    model: Type.String(),
    // as it is stored: the database asks no more of it than to be an object
    prices: Type.Object(priceFields),
    valid_from: Nullable(Timestamp),
    valid_to: Nullable(Timestamp),
    note: Nullable(Type.String()),
    created_by: Nullable(Id),
    created_at: Timestamp,
    updated_at: Timestamp,
  },
  closed,
);

const span = {
  valid_from: Type.Optional(Nullable({ ...Timestamp, description: 'ISO 8601, UTC. Null: since ever.' })),
  valid_to: Type.Optional(
    Nullable({ ...Timestamp, description: 'ISO 8601, UTC. The first instant it no longer holds; null: for ever.' }),
  ),
  note: Type.Optional(Nullable(Line(500))),
};

function timesOf(body: { valid_from?: string | null; valid_to?: string | null }) {
  const time = (text: string | null | undefined, field: string) => (text === null ? null : parseTime(text, field));
  return { valid_from: time(body.valid_from, 'valid_from'), valid_to: time(body.valid_to, 'valid_to') };
}

/** /v1/price-overrides: an organization's own prices of models. */
export function priceRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'gateway';
  const changed = (tx: ScopedTx) => tx.afterCommit(() => forgetPrices(platform, tx.organizationId));

  routes.add({
    method: 'GET',
    url: '/v1/price-overrides',
    summary: 'Your own prices of models, newest first',
    tag,
    permission: 'price_overrides:read',
    query: Type.Object({ ...pageFields, provider: Type.Optional(Line(100)), model: Type.Optional(Line(200)) }, closed),
    response: PageOf(Override),
    mode: 'read',
    run: (tx, { query: { cursor, limit, ...filter } }) =>
      listPriceOverrides(tx, { ...filter, before: decodeCursor(cursor), limit: limit ?? limits.page_rows_default }),
  });

  routes.add({
    method: 'GET',
    url: '/v1/price-overrides/:id',
    summary: 'One price override',
    tag,
    permission: 'price_overrides:read',
    params: IdParams,
    response: Override,
    mode: 'read',
    run: (tx, { params }) => readPriceOverride(tx, params.id),
  });

  routes.add({
    method: 'POST',
    url: '/v1/price-overrides',
    summary: 'Set prices of a model in place of the catalogue’s',
    tag,
    permission: 'price_overrides:write',
    status: 201,
    body: Type.Object({ provider: Line(100), model: Line(200), prices: Prices, ...span }, closed),
    response: Override,
    mode: 'write',
    run: (tx, { body }) => {
      changed(tx);
      return createPriceOverride(tx, { ...body, ...timesOf(body) });
    },
  });

  routes.add({
    method: 'PATCH',
    url: '/v1/price-overrides/:id',
    summary: 'Change prices, or when they hold',
    tag,
    permission: 'price_overrides:write',
    params: IdParams,
    body: Type.Object({ prices: Type.Optional(Prices), ...span }, { ...closed, minProperties: 1 }),
    response: Override,
    mode: 'write',
    run: (tx, { params, body }) => {
      changed(tx);
      return updatePriceOverride(tx, params.id, { ...body, ...timesOf(body) });
    },
  });

  routes.add({
    method: 'DELETE',
    url: '/v1/price-overrides/:id',
    summary: 'Delete a price override: the catalogue’s prices hold again',
    tag,
    permission: 'price_overrides:write',
    status: 204,
    params: IdParams,
    mode: 'write',
    run: (tx, { params }) => {
      changed(tx);
      return deletePriceOverride(tx, params.id);
    },
  });
}
