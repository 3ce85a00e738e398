import { Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import { Id, Nullable } from '../../../platform/http/schemas.ts';

export const subjectScopes = ['organization', 'project', 'user', 'agent', 'api_key'] as const;
export type SubjectScope = (typeof subjectScopes)[number];

/** Whose calls a budget or limit counts: those of the organization, or of the one thing that is named. */
export interface Subject {
  readonly scope: SubjectScope;
  readonly project_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly api_key_id?: string | undefined;
}

export const subjectColumns = ['project_id', 'user_id', 'agent_id', 'api_key_id'] as const;

export const SubjectScope = Type.Enum([...subjectScopes]);

export const subjectFields = {
  scope: SubjectScope,
  project_id: Type.Optional(Id),
  user_id: Type.Optional(Id),
  agent_id: Type.Optional(Id),
  api_key_id: Type.Optional(Id),
};

export const subjectAnswer = {
  scope: SubjectScope,
  project_id: Nullable(Id),
  user_id: Nullable(Id),
  agent_id: Nullable(Id),
  api_key_id: Nullable(Id),
};

/** The four columns of a subject. Throws `invalid_request` unless exactly what its scope wants is named. */
export function targetOf(subject: Subject): (string | null)[] {
  for (const column of subjectColumns) {
    const isWanted = column === `${subject.scope}_id`;
    if (isWanted !== (subject[column] !== undefined)) {
      const detail = isWanted
        ? `the scope ${subject.scope} wants ${column}`
        : `the scope ${subject.scope} takes no ${column}`;
      throw errors.invalid_request({ field: `body/${column}`, detail });
    }
  }
  return subjectColumns.map((column) => subject[column] ?? null);
}
