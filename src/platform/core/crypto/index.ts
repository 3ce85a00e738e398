/** Envelope encryption: a master key wraps data keys, a data key seals single values for their one place. */
export {
  createDataKey,
  DataKey,
  type DataKeyScope,
  rewrapDataKey,
  unwrapDataKey,
  type WrappedDataKey,
  wrapDataKey,
} from './data-key.ts';
export { DataKeyCache, type DataKeyCacheOptions } from './data-key-cache.ts';
export { cryptoErrors } from './errors.ts';
export {
  encryptedFrames,
  FRAME_OVERHEAD_BYTES,
  type FrameCipher,
  masterKeyStreamKey,
  passphraseKey,
  plainFrames,
} from './frames.ts';
export { GCM_MESSAGES_PER_KEY_MAX } from './gcm.ts';
export {
  checkMasterKey,
  generateMasterKeyText,
  MasterKey,
  type MasterKeyRing,
  masterKeyFingerprint,
  parseMasterKey,
} from './master-key.ts';
export { loadMasterKeyFile, loadOrCreateMasterKeyFile, type MasterKeyFileOptions } from './master-key-file.ts';
export { open, openText, type SealContext, seal, sealedKeyId } from './seal.ts';
