export const repositoryProviders = ['github', 'gitlab', 'bitbucket', 'local'] as const;

export interface Repository {
  readonly id: string;
  readonly name: string;
  readonly full_name: string;
  readonly provider: string;
  readonly url: string | null;
  readonly default_branch: string;
  readonly languages: readonly string[];
  readonly analysis_config: Readonly<Record<string, unknown>>;
  readonly last_analyzed_at: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What lists show. */
export interface RepositoryRow {
  readonly id: string;
  readonly full_name: string;
  readonly provider: string;
  readonly default_branch: string;
  readonly languages: readonly string[];
  readonly last_analyzed_at: string | null;
  readonly created_at: string;
}

export const repositoryColumns = 'id,full_name,provider,default_branch,languages,last_analyzed_at,created_at';

/** What is asked again when a repository changed. */
export const touchedByRepositories = ['/v1/repositories', '/rest/v1/repositories', '/v1/projects'];
