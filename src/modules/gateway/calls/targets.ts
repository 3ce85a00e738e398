import {
  type AliasTarget,
  type Connection,
  type ConnectionWire,
  type EffectivePolicy,
  type GatewaySettings,
  listCovers,
} from '../connections/index.ts';
import { callErrors } from './errors.ts';

/** A connection and the model to ask of it. */
export interface Target {
  readonly connection: Connection;
  readonly model: string;
}

export interface Route {
  /** In the order they are to be asked. */
  readonly targets: readonly Target[];
  readonly alias: string | undefined;
}

/**
 * Where a call goes: what an alias names, a connection by its name (`name/model`), or the oldest connection that names
 * the model, else that takes all. Throws `model_not_allowed`, `model_not_found`.
 */
export function routeOf(
  settings: GatewaySettings,
  policy: EffectivePolicy,
  wire: ConnectionWire,
  requested: string,
  random: () => number,
): Route {
  if (policy.allowed_models && !listCovers(policy.allowed_models, requested)) {
    throw callErrors.model_not_allowed({ field: 'model', detail: `${quoted(requested)} is not on the list` });
  }
  const behind = settings.aliases.get(requested)?.filter(({ connection }) => connection.wire === wire) ?? [];
  if (behind.length > 0) return { targets: inTurn(behind, random), alias: requested };
  const usable = settings.connections.filter((connection) => connection.wire === wire);
  const slash = requested.indexOf('/');
  if (slash > 0) {
    const model = requested.slice(slash + 1);
    const named = usable.find(({ name }) => name === requested.slice(0, slash));
    if (named && model !== '' && takes(named, model)) {
      return { targets: [{ connection: named, model }], alias: undefined };
    }
  }
  const connection =
    usable.find(({ models }) => models !== null && listCovers(models, requested)) ??
    usable.find(({ models }) => models === null);
  if (!connection) throw callErrors.model_not_found({ field: 'model', detail: `${quoted(requested)} is not known` });
  return { targets: [{ connection, model: requested }], alias: undefined };
}

const takes = ({ models }: Connection, model: string) => models === null || listCovers(models, model);
const quoted = (text: string) => `“${text.slice(0, 200)}”`;

/** By priority; among equals by chance, the heavier the likelier first. */
function inTurn(targets: readonly AliasTarget[], random: () => number): Target[] {
  const drawn = targets.map((target) => ({
    target,
    // the least of exponential waits: the order of drawing by weight without putting back
    wait: -Math.log(1 - random()) / target.weight,
  }));
  drawn.sort((a, b) => a.target.priority - b.target.priority || a.wait - b.wait);
  return drawn.map(({ target: { connection, model } }) => ({ connection, model }));
}

/** Names that can be asked for over a wire: aliases, and the models that connections name. */
export function modelNames(settings: GatewaySettings, policy: EffectivePolicy, wire: ConnectionWire): string[] {
  const aliases = [...settings.aliases].flatMap(([alias, targets]) =>
    targets.some(({ connection }) => connection.wire === wire) ? [alias] : [],
  );
  const models = settings.connections.flatMap((connection) =>
    connection.wire === wire ? (connection.models ?? []).filter((name) => !name.endsWith('*')) : [],
  );
  const names = [...new Set([...aliases, ...models])];
  const { allowed_models } = policy;
  return allowed_models ? names.filter((name) => listCovers(allowed_models, name)) : names;
}
