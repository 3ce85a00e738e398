import Type, { type Static } from 'typebox';
import {
  anySecretSigns,
  bodyDigest,
  failed,
  isDeliveryId,
  isKind,
  mac,
  requiredHeader,
  textSecretProblem,
  usableSecrets,
} from './common.ts';
import type { WebhookScheme } from './scheme.ts';

const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$";

/** The settings of a source with scheme `hmac`: how some other sender signs the raw body. */
export const HmacConfiguration = Type.Object(
  {
    header: Type.String({ pattern: HEADER_NAME, description: 'The header that holds the signature.' }),
    algorithm: Type.Union([Type.Literal('sha256'), Type.Literal('sha512')]),
    encoding: Type.Union([Type.Literal('hex'), Type.Literal('base64')], { description: 'Hex is in lower case.' }),
    prefix: Type.Optional(Type.String({ maxLength: 50, description: 'What stands before it, such as "sha256=".' })),
    id_header: Type.Optional(Type.String({ pattern: HEADER_NAME, description: 'The header with the delivery id.' })),
    kind_header: Type.Optional(Type.String({ pattern: HEADER_NAME, description: 'The header with the event kind.' })),
  },
  { additionalProperties: false },
);
export type HmacConfiguration = Static<typeof HmacConfiguration>;

/** The scheme for a sender described by its settings. No time is signed, so the body's digest is a key. */
export function hmacScheme(configuration: HmacConfiguration): WebhookScheme {
  const { algorithm, encoding, prefix = '' } = configuration;
  const signatureHeader = configuration.header.toLowerCase();
  const idHeader = configuration.id_header?.toLowerCase();
  const kindHeader = configuration.kind_header?.toLowerCase();
  return {
    name: 'hmac',
    verify({ headers, rawBody, secrets }) {
      const usable = usableSecrets(secrets);
      if (usable.length === 0) return failed('webhook_secret_missing');
      const signature = requiredHeader(headers, signatureHeader, 'signature_missing');
      if (!signature.ok) return signature;
      if (!signature.value.startsWith(prefix)) return failed('signature_malformed');
      const sign = (secret: Buffer) => prefix + mac(algorithm, secret, [rawBody], encoding);
      if (!anySecretSigns(usable, [signature.value], sign)) return failed('signature_mismatch');

      const digest = bodyDigest(rawBody);
      let externalId: string | null = null;
      if (idHeader !== undefined) {
        const id = requiredHeader(headers, idHeader, 'header_missing');
        if (!id.ok) return id;
        if (!isDeliveryId(id.value)) return failed('header_invalid');
        externalId = id.value;
      }
      let kind = 'message';
      if (kindHeader !== undefined) {
        const named = requiredHeader(headers, kindHeader, 'header_missing');
        if (!named.ok) return named;
        if (!isKind(named.value)) return failed('header_invalid');
        kind = named.value;
      }
      return {
        ok: true,
        deduplicationKey: externalId === null ? digest : `hmac:${externalId}`,
        replayKey: externalId === null ? null : digest,
        kind,
        externalId,
      };
    },
    secretProblem: textSecretProblem,
  };
}
