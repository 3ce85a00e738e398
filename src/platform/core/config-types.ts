import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { type Cidr, parseCidr } from './cidr.ts';
import { type MasterKey, parseMasterKey } from './crypto/index.ts';
import { PlinthError } from './errors.ts';
import { Secret } from './secrets.ts';

/** How a setting's text becomes its value. `parse` throws a TypeError that says what is expected, for people. */
export interface SettingType<T> {
  /** For the reference: "a number of hours, 1 to 720". */
  readonly description: string;
  readonly parse: (text: string) => T;
}

/** One row of the configuration. */
export interface Setting<T> {
  readonly env: string;
  readonly type: SettingType<T>;
  /** What holds when it is not set; a function when it depends on the others or on the machine. */
  readonly fallback: T;
  /** How the reference prints the default, when it is not the value itself. */
  readonly fallbackText?: string;
  readonly description: string;
  /** For the reference: a value that somebody may really have. A password or key in it is `…`. */
  readonly example?: string;
  /** Its value is never printed, and `<env>_FILE` may name a file that holds it. */
  readonly secret?: boolean;
}

/** A whole number; `what` says of what: "a number of hours". */
export function integer(options: { min: number; max: number; what: string }): SettingType<number> {
  const { min, max, what } = options;
  const description = `${what}, ${min} to ${max}`;
  return {
    description,
    parse(text) {
      const value = Number(text);
      if (!/^\d{1,15}$/.test(text) || value < min || value > max) throw new TypeError(`it must be ${description}`);
      return value;
    },
  };
}

export function oneOf<const T extends readonly string[]>(...values: T): SettingType<T[number]> {
  return {
    description: `one of ${values.join(', ')}`,
    parse(text) {
      const value = values.find((one) => one === text.toLowerCase());
      if (value === undefined) throw new TypeError(`it must be one of ${values.join(', ')}`);
      return value;
    },
  };
}

export const onOff: SettingType<boolean> = {
  description: '`on` or `off`',
  parse(text) {
    const value = text.toLowerCase();
    if (['on', 'true', '1', 'yes'].includes(value)) return true;
    if (['off', 'false', '0', 'no'].includes(value)) return false;
    throw new TypeError('it must be on or off');
  },
};

/** Items separated by commas or spaces. */
export function listOf<T>(item: SettingType<T>): SettingType<readonly T[]> {
  return {
    description: `a list, separated by commas, of ${item.description}`,
    parse: (text) =>
      text
        .split(/[\s,]+/)
        .filter((part) => part !== '')
        .map(item.parse),
  };
}

export const cidr: SettingType<Cidr> = { description: 'address ranges such as `10.0.0.0/8`', parse: parseCidr };

export const hostName: SettingType<string> = {
  description: 'an address or host name to listen on',
  parse(text) {
    if (!/^[0-9a-zA-Z.:_-]{1,255}$/.test(text))
      throw new TypeError('it must be an address such as 127.0.0.1, or a name');
    return text;
  },
};

/** A database URL: kept as a Secret, as it mostly holds a password. */
export const databaseUrl: SettingType<Secret | undefined> = {
  description: 'a URL such as `postgres://user@host:5432/database`',
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== 'postgres:' && url?.protocol !== 'postgresql:') {
      throw new TypeError(
        'it must begin with postgres:// (characters such as @ / # in a password are written %40 %2F %23)',
      );
    }
    return new Secret(text);
  },
};

/** An http or https URL without query, fragment or user; no slash at the end. */
export const publicUrl: SettingType<string | undefined> = {
  description: 'a URL such as `https://plinth.example.com`',
  parse(text) {
    const url = readHttpUrl(text);
    if (url.search !== '' || url.hash !== '') throw new TypeError('it must have no query and no fragment');
    return url.href.replace(/\/+$/, '');
  },
};

export const origin: SettingType<string> = {
  description: 'origins such as `https://app.example.com`',
  parse(text) {
    const url = readHttpUrl(text);
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      throw new TypeError('an origin has no path: it is scheme, host and port');
    }
    return url.origin;
  },
};

/** An origin, or `*` for all of them. */
export const originOrAny: SettingType<string> = {
  description: 'origins such as `https://app.example.com`, or `*`',
  parse: (text) => (text === '*' ? text : origin.parse(text)),
};

function readHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError('it must be a URL that begins with https:// or http://');
  }
  if (url.username !== '' || url.password !== '') throw new TypeError('it must not hold a user or password');
  return url;
}

/** One path, made absolute; `~/` is the home folder. */
export const path: SettingType<string> = {
  description: 'a path',
  parse(text) {
    if (text.includes('\u0000')) throw new TypeError('it must be a path');
    return resolve(text.startsWith('~/') ? homedir() + text.slice(1) : text);
  },
};

/** NODE_ENV is not ours alone: "staging" and the like are meant to behave as production does. */
export const nodeEnvironment: SettingType<'development' | 'production' | 'test'> = {
  description: '`development`, `test`, or `production`, as which any other counts',
  parse: (text) => (text === 'development' || text === 'test' ? text : 'production'),
};

export const identifierPrefix: SettingType<string> = {
  description: 'a lower-case SQL name of up to 40 characters',
  parse(text) {
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(text)) {
      throw new TypeError('it must begin with a letter and hold only a-z, 0-9 and _, at most 40');
    }
    return text;
  },
};

export const masterKey: SettingType<MasterKey | undefined> = {
  description: '32 random bytes as 64 hex digits or base64 (`openssl rand -base64 32`)',
  parse(text) {
    try {
      return parseMasterKey(text);
    } catch (error) {
      throw new TypeError(error instanceof PlinthError ? (error.detail ?? error.title) : 'it is not a key');
    }
  },
};

/** A shared secret of the operator's choice: long enough not to be guessed over the network. */
export const accessToken: SettingType<Secret | undefined> = {
  description: 'a text of 16 characters or more, without spaces',
  parse(text) {
    if (!/^[\x21-\x7e]{16,512}$/.test(text))
      throw new TypeError('it must be 16 to 512 printable characters without spaces');
    return new Secret(text);
  },
};
