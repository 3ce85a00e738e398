"""Generated from the OpenAPI document by `npm run gen`. Do not edit."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Mapping, Optional, Sequence, TypedDict, Union

from ._paging import Page
from ._resource import Resource
from ._transport import NOT_GIVEN, CallOptions, fill, given

# Every operation, and the route it calls.
OPERATIONS: Dict[str, str] = {
    "activity.list": "GET /v1/activity",
    "analysis_runs.list": "GET /v1/analysis-runs",
    "analysis_runs.get": "GET /v1/analysis-runs/{id}",
    "api_keys.list": "GET /v1/api-keys",
    "api_keys.create": "POST /v1/api-keys",
    "api_keys.delete": "DELETE /v1/api-keys/{id}",
    "api_keys.rotate": "POST /v1/api-keys/{id}/rotate",
    "approvals.list": "GET /v1/approvals",
    "approvals.get": "GET /v1/approvals/{id}",
    "approvals.votes": "POST /v1/approvals/{id}/votes",
    "audit.list": "GET /v1/audit",
    "audit.get_verify": "GET /v1/audit/verify",
    "audit.get_proof": "GET /v1/audit/{id}/proof",
    "auth.sign_in": "POST /v1/sign-in",
    "auth.redeem_link": "POST /v1/sign-in/link",
    "auth.sign_out": "POST /v1/sign-out",
    "auth.sign_out_everywhere": "POST /v1/sign-out/everywhere",
    "budgets.list": "GET /v1/budgets",
    "budgets.create": "POST /v1/budgets",
    "budgets.get": "GET /v1/budgets/{id}",
    "budgets.update": "PATCH /v1/budgets/{id}",
    "budgets.delete": "DELETE /v1/budgets/{id}",
    "costs.create": "POST /v1/costs",
    "costs.list": "GET /v1/costs",
    "costs.get": "GET /v1/costs/{id}",
    "costs.get_report": "GET /v1/costs/report",
    "costs.get_usage": "GET /v1/costs/usage",
    "costs.reprice": "POST /v1/costs/reprice",
    "event_deliveries.list": "GET /v1/event-deliveries",
    "event_deliveries.get": "GET /v1/event-deliveries/{id}",
    "event_deliveries.retry": "POST /v1/event-deliveries/{id}/retry",
    "event_deliveries.retry_many": "POST /v1/event-deliveries/retry",
    "event_delivery_statistics.list": "GET /v1/event-delivery-statistics",
    "event_endpoints.create": "POST /v1/event-endpoints",
    "event_endpoints.list": "GET /v1/event-endpoints",
    "event_endpoints.get": "GET /v1/event-endpoints/{id}",
    "event_endpoints.update": "PATCH /v1/event-endpoints/{id}",
    "event_endpoints.delete": "DELETE /v1/event-endpoints/{id}",
    "event_endpoints.rotate_secret": "POST /v1/event-endpoints/{id}/rotate-secret",
    "event_endpoints.enable": "POST /v1/event-endpoints/{id}/enable",
    "event_endpoints.disable": "POST /v1/event-endpoints/{id}/disable",
    "event_endpoints.test": "POST /v1/event-endpoints/{id}/test",
    "event_portal.get": "GET /v1/event-portal",
    "event_portal.list_endpoints": "GET /v1/event-portal/endpoints",
    "event_portal.create_endpoint": "POST /v1/event-portal/endpoints",
    "event_portal.get_endpoints": "GET /v1/event-portal/endpoints/{id}",
    "event_portal.update_endpoints": "PATCH /v1/event-portal/endpoints/{id}",
    "event_portal.delete_endpoints": "DELETE /v1/event-portal/endpoints/{id}",
    "event_portal.endpoints_rotate_secret": "POST /v1/event-portal/endpoints/{id}/rotate-secret",
    "event_portal.endpoints_enable": "POST /v1/event-portal/endpoints/{id}/enable",
    "event_portal.endpoints_disable": "POST /v1/event-portal/endpoints/{id}/disable",
    "event_portal.endpoints_test": "POST /v1/event-portal/endpoints/{id}/test",
    "event_portal.list_deliveries": "GET /v1/event-portal/deliveries",
    "event_portal.get_deliveries": "GET /v1/event-portal/deliveries/{id}",
    "event_portal.retry_delivery": "POST /v1/event-portal/deliveries/{id}/retry",
    "event_portal.retry_deliveries": "POST /v1/event-portal/deliveries/retry",
    "event_portal_links.create": "POST /v1/event-portal-links",
    "event_retention.get": "GET /v1/event-retention",
    "event_retention.set": "PUT /v1/event-retention",
    "event_sources.get_health": "GET /v1/event-sources/{id}/health",
    "event_sources.test": "POST /v1/event-sources/{id}/test",
    "event_sources.create": "POST /v1/event-sources",
    "event_sources.list": "GET /v1/event-sources",
    "event_sources.get": "GET /v1/event-sources/{id}",
    "event_sources.update": "PATCH /v1/event-sources/{id}",
    "event_sources.delete": "DELETE /v1/event-sources/{id}",
    "event_sources.rotate_secret": "POST /v1/event-sources/{id}/rotate-secret",
    "event_statistics.list": "GET /v1/event-statistics",
    "event_subscriptions.create": "POST /v1/event-subscriptions",
    "event_subscriptions.list": "GET /v1/event-subscriptions",
    "event_subscriptions.test": "POST /v1/event-subscriptions/test",
    "event_subscriptions.get": "GET /v1/event-subscriptions/{id}",
    "event_subscriptions.update": "PATCH /v1/event-subscriptions/{id}",
    "event_subscriptions.delete": "DELETE /v1/event-subscriptions/{id}",
    "event_types.list": "GET /v1/event-types",
    "event_types.get": "GET /v1/event-types/{source}/{name}",
    "event_types.set": "PUT /v1/event-types/{source}/{name}",
    "event_types.delete": "DELETE /v1/event-types/{source}/{name}",
    "events.list": "GET /v1/events",
    "events.send": "POST /v1/events",
    "events.get": "GET /v1/events/{id}",
    "events.get_payload": "GET /v1/events/{id}/payload",
    "events.retry": "POST /v1/events/{id}/retry",
    "first_run.get": "GET /v1/first-run",
    "first_run.complete": "POST /v1/first-run",
    "gateway_calls.list": "GET /v1/gateway-calls",
    "gateway_calls.get": "GET /v1/gateway-calls/{id}",
    "gateway_policies.create": "POST /v1/gateway-policies",
    "gateway_policies.list": "GET /v1/gateway-policies",
    "gateway_policies.get": "GET /v1/gateway-policies/{id}",
    "gateway_policies.update": "PATCH /v1/gateway-policies/{id}",
    "gateway_policies.delete": "DELETE /v1/gateway-policies/{id}",
    "invitations.list": "GET /v1/invitations",
    "invitations.create": "POST /v1/invitations",
    "invitations.resend": "POST /v1/invitations/{id}/resend",
    "invitations.delete": "DELETE /v1/invitations/{id}",
    "invitations.preview": "POST /v1/invitations/preview",
    "invitations.accept": "POST /v1/invitations/accept",
    "issues.list": "GET /v1/issues",
    "me.get": "GET /v1/me",
    "me.update": "PATCH /v1/me",
    "me.set_email": "PUT /v1/me/email",
    "me.set_password": "PUT /v1/me/password",
    "me.get_preferences": "GET /v1/me/preferences",
    "me.set_preferences": "PUT /v1/me/preferences",
    "me.list_identities": "GET /v1/me/identities",
    "me.identities": "POST /v1/me/identities",
    "me.identities_unlink": "POST /v1/me/identities/unlink",
    "members.list": "GET /v1/members",
    "members.update": "PATCH /v1/members/{user_id}",
    "members.delete": "DELETE /v1/members/{user_id}",
    "members.leave": "POST /v1/members/leave",
    "model_aliases.create": "POST /v1/model-aliases",
    "model_aliases.list": "GET /v1/model-aliases",
    "model_aliases.get": "GET /v1/model-aliases/{id}",
    "model_aliases.update": "PATCH /v1/model-aliases/{id}",
    "model_aliases.delete": "DELETE /v1/model-aliases/{id}",
    "notifications.list": "GET /v1/notifications",
    "notifications.get_unread_count": "GET /v1/notifications/unread-count",
    "notifications.read": "POST /v1/notifications/{id}/read",
    "notifications.read_all": "POST /v1/notifications/read",
    "organization.get": "GET /v1/organization",
    "organization.update": "PATCH /v1/organization",
    "organization.delete": "DELETE /v1/organization",
    "organizations.list": "GET /v1/organizations",
    "organizations.create": "POST /v1/organizations",
    "organizations.recover": "POST /v1/organizations/{id}/recover",
    "price_overrides.list": "GET /v1/price-overrides",
    "price_overrides.create": "POST /v1/price-overrides",
    "price_overrides.get": "GET /v1/price-overrides/{id}",
    "price_overrides.update": "PATCH /v1/price-overrides/{id}",
    "price_overrides.delete": "DELETE /v1/price-overrides/{id}",
    "projects.list": "GET /v1/projects",
    "projects.create": "POST /v1/projects",
    "projects.get": "GET /v1/projects/{id}",
    "projects.update": "PATCH /v1/projects/{id}",
    "projects.delete": "DELETE /v1/projects/{id}",
    "projects.archive": "POST /v1/projects/{id}/archive",
    "projects.restore": "POST /v1/projects/{id}/restore",
    "projects.list_repositories": "GET /v1/projects/{id}/repositories",
    "projects.link_repository": "PUT /v1/projects/{id}/repositories/{repository_id}",
    "projects.unlink_repository": "DELETE /v1/projects/{id}/repositories/{repository_id}",
    "provider_connections.create": "POST /v1/provider-connections",
    "provider_connections.list": "GET /v1/provider-connections",
    "provider_connections.get": "GET /v1/provider-connections/{id}",
    "provider_connections.update": "PATCH /v1/provider-connections/{id}",
    "provider_connections.delete": "DELETE /v1/provider-connections/{id}",
    "provider_connections.test": "POST /v1/provider-connections/{id}/test",
    "rate_limits.list": "GET /v1/rate-limits",
    "rate_limits.create": "POST /v1/rate-limits",
    "rate_limits.update": "PATCH /v1/rate-limits/{id}",
    "rate_limits.delete": "DELETE /v1/rate-limits/{id}",
    "repositories.list": "GET /v1/repositories",
    "repositories.create": "POST /v1/repositories",
    "repositories.get": "GET /v1/repositories/{id}",
    "repositories.update": "PATCH /v1/repositories/{id}",
    "repositories.delete": "DELETE /v1/repositories/{id}",
    "schedules.create": "POST /v1/schedules",
    "schedules.list": "GET /v1/schedules",
    "schedules.preview": "POST /v1/schedules/preview",
    "schedules.get": "GET /v1/schedules/{id}",
    "schedules.update": "PATCH /v1/schedules/{id}",
    "schedules.delete": "DELETE /v1/schedules/{id}",
    "schedules.list_next": "GET /v1/schedules/{id}/next",
    "schedules.list_firings": "GET /v1/schedules/{id}/firings",
    "schedules.pause": "POST /v1/schedules/{id}/pause",
    "schedules.resume": "POST /v1/schedules/{id}/resume",
    "schedules.run": "POST /v1/schedules/{id}/run",
    "sessions.list": "GET /v1/sessions",
    "sessions.delete": "DELETE /v1/sessions/{id}",
    "task_definitions.set": "PUT /v1/task-definitions/{name}",
    "task_definitions.get": "GET /v1/task-definitions/{name}",
    "task_definitions.delete": "DELETE /v1/task-definitions/{name}",
    "task_definitions.list": "GET /v1/task-definitions",
    "task_definitions.list_versions": "GET /v1/task-definitions/{name}/versions",
    "task_definitions.update_versions": "PATCH /v1/task-definitions/{name}/versions/{version}",
    "task_definitions.tasks": "POST /v1/task-definitions/{name}/tasks",
    "task_limits.set": "PUT /v1/task-limits/{key}",
    "task_limits.get": "GET /v1/task-limits/{key}",
    "task_limits.delete": "DELETE /v1/task-limits/{key}",
    "task_limits.list": "GET /v1/task-limits",
    "task_statistics.get": "GET /v1/task-statistics",
    "task_statistics.list_intervals": "GET /v1/task-statistics/intervals",
    "task_types.list": "GET /v1/task-types",
    "task_workers.list": "GET /v1/task-workers",
    "task_workers.create": "POST /v1/task-workers",
    "task_workers.delete": "DELETE /v1/task-workers/{id}",
    "task_workers.claim": "POST /v1/task-workers/{id}/claim",
    "task_workers.heartbeat": "POST /v1/task-workers/{id}/heartbeat",
    "task_workers.logs": "POST /v1/task-workers/{id}/logs",
    "task_workers.complete": "POST /v1/task-workers/{id}/complete",
    "task_workers.fail": "POST /v1/task-workers/{id}/fail",
    "task_workers.release": "POST /v1/task-workers/{id}/release",
    "tasks.cancel_many": "POST /v1/tasks/cancel",
    "tasks.retry_many": "POST /v1/tasks/retry",
    "tasks.pause_many": "POST /v1/tasks/pause",
    "tasks.resume_many": "POST /v1/tasks/resume",
    "tasks.pause": "POST /v1/tasks/{id}/pause",
    "tasks.resume": "POST /v1/tasks/{id}/resume",
    "tasks.enqueue_many": "POST /v1/tasks/bulk",
    "tasks.get_dependencies": "GET /v1/tasks/{id}/dependencies",
    "tasks.dependencies": "POST /v1/tasks/{id}/dependencies",
    "tasks.delete_dependencies": "DELETE /v1/tasks/{id}/dependencies/{dependency}",
    "tasks.enqueue": "POST /v1/tasks",
    "tasks.list": "GET /v1/tasks",
    "tasks.get": "GET /v1/tasks/{id}",
    "tasks.cancel": "POST /v1/tasks/{id}/cancel",
    "tasks.retry": "POST /v1/tasks/{id}/retry",
    "tasks.list_logs": "GET /v1/tasks/{id}/logs",
    "tasks.list_resource_usage": "GET /v1/tasks/{id}/resource-usage",
    "users.activate": "POST /v1/users/{id}/activate",
    "users.deactivate": "POST /v1/users/{id}/deactivate",
    "workflow_events.create": "POST /v1/workflow-events",
    "workflow_runs.create": "POST /v1/workflow-runs",
    "workflow_runs.list": "GET /v1/workflow-runs",
    "workflow_runs.get": "GET /v1/workflow-runs/{id}",
    "workflow_runs.get_definition": "GET /v1/workflow-runs/{id}/definition",
    "workflow_runs.cancel": "POST /v1/workflow-runs/{id}/cancel",
    "workflow_runs.retry": "POST /v1/workflow-runs/{id}/retry",
    "workflow_runs.events": "POST /v1/workflow-runs/{id}/events",
    "workflows.list": "GET /v1/workflows",
    "workflows.set": "PUT /v1/workflows/{name}",
    "workflows.get": "GET /v1/workflows/{name}",
    "workflows.delete": "DELETE /v1/workflows/{name}",
    "workflows.list_versions": "GET /v1/workflows/{name}/versions",
    "workflows.update_versions": "PATCH /v1/workflows/{name}/versions/{version}",
}


class Activity(TypedDict):
    id: str
    occurred_at: str
    user_id: Optional[str]
    api_key_id: Optional[str]
    action: str
    resource_type: str
    resource_id: Optional[str]
    summary: str
    details: Dict[str, Any]


class AnalysisRun(TypedDict):
    id: str
    repository_id: str
    branch: Optional[str]
    commit_sha: Optional[str]
    status: str
    files_total: int
    files_analyzed: int
    files_failed: int
    functions_total: int
    issues_total: int
    lines_code: float
    quality_score: Optional[float]
    rating: Optional[str]
    debt_minutes: Optional[int]
    task_id: Optional[str]
    event_id: Optional[str]
    error: Any
    started_at: Optional[str]
    completed_at: Optional[str]
    created_at: str


class ApiKey(TypedDict):
    id: str
    user_id: Optional[str]
    name: str
    prefix: str
    last4: str
    role: Literal["owner", "admin", "member", "viewer", "service"]
    scopes: List[str]
    expires_at: Optional[str]
    last_used_at: Optional[str]
    revoked_at: Optional[str]
    created_by: Optional[str]
    created_at: str


class ApiKeysCreateResult(TypedDict):
    id: str
    user_id: Optional[str]
    name: str
    prefix: str
    last4: str
    role: Literal["owner", "admin", "member", "viewer", "service"]
    scopes: List[str]
    expires_at: Optional[str]
    last_used_at: Optional[str]
    revoked_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    key: Optional[str]


class ApprovalVotesItem(TypedDict):
    user_id: str
    vote: Literal["approve", "reject"]
    comment: str
    voted_at: str


class Approval(TypedDict):
    id: str
    run_id: str
    workflow: str
    step_key: str
    title: str
    description: str
    assignees: List[str]
    quorum: int
    status: Literal["pending", "approved", "rejected", "timed_out", "cancelled"]
    due_at: Optional[str]
    decided_at: Optional[str]
    created_at: str
    votes: List[ApprovalVotesItem]


class Audit(TypedDict):
    id: str
    occurred_at: str
    actor: str
    actor_user_id: Optional[str]
    api_key_id: Optional[str]
    request_id: Optional[str]
    ip_address: Optional[str]
    action: str
    resource_type: str
    resource_id: Optional[str]
    old_values: Optional[Dict[str, Any]]
    new_values: Optional[Dict[str, Any]]
    details: Optional[Any]


class AuditGetProofResult(TypedDict):
    entry_id: str
    leaf: str
    leaf_hash: str
    leaf_index: int
    tree_size: int
    path: List[str]
    root: str
    sequence: int
    chain_hash: str


class AuditGetVerifyResultBroken(TypedDict):
    fault: Literal["changed", "removed", "inserted", "reordered", "seal_changed", "seal_missing", "head_missing"]
    sequence: int
    entry_id: Optional[str]


class AuditGetVerifyResult(TypedDict):
    intact: bool
    seals: int
    entries: int
    head: Optional[str]
    broken: Optional[AuditGetVerifyResultBroken]


class AuthSignInResult(TypedDict):
    user_id: str
    session_id: str


class AuthSignOutEverywhereResult(TypedDict):
    sessions: int


class Budget(TypedDict):
    id: str
    name: str
    scope: Literal["organization", "project", "user", "agent", "api_key"]
    project_id: Optional[str]
    user_id: Optional[str]
    agent_id: Optional[str]
    api_key_id: Optional[str]
    period: Literal["day", "month", "total"]
    timezone: str
    token_limit: Optional[int]
    cost_limit: Optional[str]
    thresholds: List[int]
    on_exceed: Literal["block", "warn"]
    unpriced: Literal["refuse", "allow"]
    is_active: bool
    period_starts_at: Optional[str]
    period_ends_at: Optional[str]
    spent_tokens: int
    reserved_tokens: int
    left_tokens: Optional[int]
    spent_cost: str
    reserved_cost: str
    left_cost: Optional[str]
    calls: int
    unpriced_calls: int
    refused_calls: int
    created_by: Optional[str]
    created_at: str
    updated_at: str


class Cost(TypedDict):
    id: str
    occurred_at: str
    kind: Literal["call", "trace"]
    call_id: str
    is_counted: bool
    provider: str
    model: str
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int
    raw_usage: Any
    is_batch: bool
    input_cost: Optional[str]
    output_cost: Optional[str]
    total_cost: Optional[str]
    price_source: Optional[str]
    project_id: Optional[str]
    user_id: Optional[str]
    agent_id: Optional[str]
    agent_type: Optional[str]
    api_key_id: Optional[str]
    task_id: Optional[str]
    conversation_id: Optional[str]
    trace_id: Optional[str]


class CostsCreateResult(TypedDict):
    id: str
    occurred_at: str
    kind: Literal["call", "trace"]
    call_id: str
    is_counted: bool
    provider: str
    model: str
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int
    raw_usage: Any
    is_batch: bool
    input_cost: Optional[str]
    output_cost: Optional[str]
    total_cost: Optional[str]
    price_source: Optional[str]
    project_id: Optional[str]
    user_id: Optional[str]
    agent_id: Optional[str]
    agent_type: Optional[str]
    api_key_id: Optional[str]
    task_id: Optional[str]
    conversation_id: Optional[str]
    trace_id: Optional[str]
    is_new: bool


class _CostsGetReportResultRowsItemRequired(TypedDict):
    calls: int
    unpriced_calls: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int
    total_cost: str


class CostsGetReportResultRowsItem(_CostsGetReportResultRowsItemRequired, total=False):
    user_id: Optional[str]
    agent_id: Optional[str]
    agent_type: Optional[str]
    project_id: Optional[str]
    api_key_id: Optional[str]
    provider: Optional[str]
    model: Optional[str]
    day: Optional[str]


class CostsGetReportResultTotal(TypedDict):
    calls: int
    unpriced_calls: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int
    total_cost: str


class CostsGetReportResult(TypedDict):
    since: str
    until: str
    time_zone: str
    by: List[str]
    rows: List[CostsGetReportResultRowsItem]
    total: CostsGetReportResultTotal
    is_complete: bool


class CostsGetUsageResultForecast(TypedDict):
    cost: str
    low: Optional[str]
    high: Optional[str]
    days: int
    mean_daily_cost: str
    method: str


class CostsGetUsageResult(TypedDict):
    month: str
    time_zone: str
    since: str
    until: str
    calls: int
    unpriced_calls: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int
    total_cost: str
    forecast: Optional[CostsGetUsageResultForecast]


class CostsRepriceResult(TypedDict):
    examined: int
    changed: int
    unpriced: int
    cost_before: str
    cost_after: str
    difference: str
    next: Optional[str]


class Event(TypedDict):
    id: str
    occurred_at: str
    received_at: str
    claimed_at: Optional[str]
    processed_at: Optional[str]
    source: str
    source_id: Optional[str]
    type: str
    category: str
    priority: int
    external_id: Optional[str]
    title: Optional[str]
    project_id: Optional[str]
    repository_id: Optional[str]
    repository_full_name: Optional[str]
    branch: Optional[str]
    commit_sha: Optional[str]
    url: Optional[str]
    actor: Optional[str]
    pull_request_number: Optional[int]
    event_type_id: Optional[str]
    task_id: Optional[str]
    user_id: Optional[str]
    payload_bytes: int
    status: Literal["pending", "processing", "processed", "failed", "skipped"]
    attempts: int
    error: Any


class EventDeliveriesRetryManyResult(TypedDict):
    retried: int


class EventDelivery(TypedDict):
    id: str
    occurred_at: str
    endpoint_id: str
    subscription_id: Optional[str]
    event_id: str
    event_type: str
    customer: Optional[str]
    is_test: bool
    ordering_key: Optional[str]
    status: Literal["pending", "sending", "delivered", "dead"]
    attempts: int
    due_at: Optional[str]
    last_attempt_at: Optional[str]
    last_status_code: Optional[int]
    last_error: Optional[str]
    ended_at: Optional[str]


class EventDeliveryDetailAttemptLogItem(TypedDict):
    id: str
    occurred_at: str
    attempt: int
    outcome: Literal["delivered", "failed", "lost"]
    status_code: Optional[int]
    error_code: Optional[str]
    error: Optional[str]
    latency_ms: Optional[int]
    response_excerpt: Optional[str]
    retry_at: Optional[str]


class EventDeliveryDetail(TypedDict):
    id: str
    occurred_at: str
    endpoint_id: str
    subscription_id: Optional[str]
    event_id: str
    event_type: str
    customer: Optional[str]
    is_test: bool
    ordering_key: Optional[str]
    status: Literal["pending", "sending", "delivered", "dead"]
    attempts: int
    due_at: Optional[str]
    last_attempt_at: Optional[str]
    last_status_code: Optional[int]
    last_error: Optional[str]
    ended_at: Optional[str]
    attempt_log: List[EventDeliveryDetailAttemptLogItem]


class EventDeliveryStatisticDataItem(TypedDict):
    at: Optional[str]
    endpoint_id: Optional[str]
    deliveries: int
    delivered: int
    dead: int
    waiting: int


class EventDeliveryStatistic(TypedDict):
    since: str
    until: str
    by: str
    data: List[EventDeliveryStatisticDataItem]


class EventDetail(TypedDict):
    id: str
    occurred_at: str
    received_at: str
    claimed_at: Optional[str]
    processed_at: Optional[str]
    source: str
    source_id: Optional[str]
    type: str
    category: str
    priority: int
    external_id: Optional[str]
    title: Optional[str]
    project_id: Optional[str]
    repository_id: Optional[str]
    repository_full_name: Optional[str]
    branch: Optional[str]
    commit_sha: Optional[str]
    url: Optional[str]
    actor: Optional[str]
    pull_request_number: Optional[int]
    event_type_id: Optional[str]
    task_id: Optional[str]
    user_id: Optional[str]
    payload_bytes: int
    status: Literal["pending", "processing", "processed", "failed", "skipped"]
    attempts: int
    error: Any
    payload: Any
    github: Any
    linear: Any
    slack: Any
    deployment: Any
    journey: List[Any]


class EventEndpointHealth(TypedDict):
    circuit: Literal["closed", "open", "half_open"]
    open_until: Optional[str]
    paused_until: Optional[str]
    failure_count: int
    failing_since: Optional[str]
    last_success_at: Optional[str]
    last_failure_at: Optional[str]
    last_error: Optional[str]


class EventEndpoint(TypedDict):
    id: str
    url: str
    description: Optional[str]
    customer: Optional[str]
    names: List[str]
    header_names: List[str]
    previous_secret_expires_at: Optional[str]
    timeout_ms: int
    rate_per_second: Optional[int]
    concurrency_max: int
    order_by: Optional[str]
    retry_schedule_seconds: Optional[List[int]]
    jitter_percent: int
    is_active: bool
    disabled_reason: Optional[Literal["user", "gone", "failing"]]
    disabled_at: Optional[str]
    health: EventEndpointHealth
    created_by: Optional[str]
    created_at: str
    updated_at: str


class _EventEndpointsCreateResultRequired(TypedDict):
    id: str
    url: str
    description: Optional[str]
    customer: Optional[str]
    names: List[str]
    header_names: List[str]
    previous_secret_expires_at: Optional[str]
    timeout_ms: int
    rate_per_second: Optional[int]
    concurrency_max: int
    order_by: Optional[str]
    retry_schedule_seconds: Optional[List[int]]
    jitter_percent: int
    is_active: bool
    disabled_reason: Optional[Literal["user", "gone", "failing"]]
    disabled_at: Optional[str]
    health: EventEndpointHealth
    created_by: Optional[str]
    created_at: str
    updated_at: str


class EventEndpointsCreateResult(_EventEndpointsCreateResultRequired, total=False):
    secret: str


class EventEndpointsTestResult(TypedDict):
    delivery_id: str
    event_id: str


class EventPortal(TypedDict):
    customer: str
    expires_at: str


class EventPortalLinksCreateResult(TypedDict):
    customer: str
    token: str
    path: str
    expires_at: str


class EventRetentionRulesItem(TypedDict):
    source: str
    type: str
    keep_days: int


class EventRetention(TypedDict):
    rules: List[EventRetentionRulesItem]
    default_days: int


class EventSource(TypedDict):
    id: str
    name: str
    scheme: Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac"]
    configuration: Any
    project_id: Optional[str]
    token_last4: str
    previous_secret_expires_at: Optional[str]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    updated_at: str
    has_received: bool
    last_received_at: Optional[str]


class EventSourceDetail(TypedDict):
    id: str
    name: str
    scheme: Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac"]
    configuration: Any
    project_id: Optional[str]
    token_last4: str
    previous_secret_expires_at: Optional[str]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    updated_at: str


class _EventSourcesCreateResultRequired(TypedDict):
    id: str
    name: str
    scheme: Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac"]
    configuration: Any
    project_id: Optional[str]
    token_last4: str
    previous_secret_expires_at: Optional[str]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    updated_at: str


class EventSourcesCreateResult(_EventSourcesCreateResultRequired, total=False):
    hook_path: str
    secret: str


class EventSourcesGetHealthResultRefusedItem(TypedDict):
    occurred_at: str
    code: str


class EventSourcesGetHealthResult(TypedDict):
    has_received: bool
    last_received_at: Optional[str]
    refused_since: str
    refused: List[EventSourcesGetHealthResultRefusedItem]


class EventSourcesTestResult(TypedDict):
    event_id: str


class EventStatisticDataItem(TypedDict):
    at: str
    key: Optional[str]
    events: int
    payload_bytes: int


class EventStatistic(TypedDict):
    since: str
    until: str
    bucket: str
    data: List[EventStatisticDataItem]


class EventSubscriptionBatch(TypedDict):
    count_max: int
    seconds_max: int


class EventSubscription(TypedDict):
    id: str
    name: str
    sources: List[str]
    categories: List[str]
    names: List[str]
    filter: Any
    filter_text: Optional[str]
    action: Literal["task", "webhook", "workflow", "notification"]
    target: Any
    batch: Optional[EventSubscriptionBatch]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    updated_at: str


class EventSubscriptionsTestResultDataItem(TypedDict):
    id: str
    occurred_at: str
    source: str
    type: str
    category: str
    title: Optional[str]
    matches: bool
    fails: Optional[Literal["sources", "categories", "names", "filter"]]
    reasons: List[Dict[str, Any]]


class EventSubscriptionsTestResult(TypedDict):
    filter: Any
    filter_text: Optional[str]
    tested: int
    matched: int
    data: List[EventSubscriptionsTestResultDataItem]


class EventType(TypedDict):
    id: str
    source: str
    name: str
    category: str
    description: str
    schema_version: int
    payload_schema: Optional[Dict[str, Any]]
    retention_days: Optional[int]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    updated_at: str


class EventsRetryResult(TypedDict):
    id: str
    status: Literal["pending"]


class EventsSendInputItemRepository(TypedDict):
    provider: Literal["github", "gitlab", "bitbucket", "local"]
    full_name: str


class _EventsSendInputItemRequired(TypedDict):
    type: str


class EventsSendInputItem(_EventsSendInputItemRequired, total=False):
    category: Literal["code", "review", "issue", "discussion", "ci", "deployment", "release", "security", "planning", "access", "repository", "community", "billing", "system", "other"]
    priority: int
    title: str
    occurred_at: str
    actor: str
    actor_email: str
    url: str
    branch: str
    commit: str
    pull_request: int
    repository: EventsSendInputItemRepository
    project_id: str
    task_id: str
    id: str
    deduplication_key: str
    payload: Any


class EventsSendResultDataItem(TypedDict):
    id: str
    duplicate: bool


class EventsSendResult(TypedDict):
    data: List[EventsSendResultDataItem]


class FirstRun(TypedDict):
    needed: bool


class FirstRunCompleteResult(TypedDict):
    user_id: str
    organization: OrganizationsCreateResult
    api_key: ApiKeysCreateResult


class GatewayCall(TypedDict):
    id: str
    occurred_at: str
    status: Literal["running", "succeeded", "failed", "refused", "cancelled", "lost"]
    wire: str
    is_stream: bool
    requested_model: str
    alias: Optional[str]
    connection_id: Optional[str]
    provider: Optional[str]
    model: Optional[str]
    user_id: Optional[str]
    api_key_id: Optional[str]
    project_id: Optional[str]
    agent_id: Optional[str]
    attempts: int
    status_code: Optional[int]
    error_code: Optional[str]
    input_tokens: Optional[int]
    cached_input_tokens: Optional[int]
    cache_write_tokens: Optional[int]
    output_tokens: Optional[int]
    reasoning_tokens: Optional[int]
    is_estimated: bool
    duration_ms: Optional[int]
    first_token_ms: Optional[int]
    trace_id: Optional[str]
    ended_at: Optional[str]


class GatewayCallDetail(TypedDict):
    id: str
    occurred_at: str
    status: Literal["running", "succeeded", "failed", "refused", "cancelled", "lost"]
    wire: str
    is_stream: bool
    requested_model: str
    alias: Optional[str]
    connection_id: Optional[str]
    provider: Optional[str]
    model: Optional[str]
    user_id: Optional[str]
    api_key_id: Optional[str]
    project_id: Optional[str]
    agent_id: Optional[str]
    attempts: int
    status_code: Optional[int]
    error_code: Optional[str]
    input_tokens: Optional[int]
    cached_input_tokens: Optional[int]
    cache_write_tokens: Optional[int]
    output_tokens: Optional[int]
    reasoning_tokens: Optional[int]
    is_estimated: bool
    duration_ms: Optional[int]
    first_token_ms: Optional[int]
    trace_id: Optional[str]
    ended_at: Optional[str]
    content: Literal["full", "redacted", "none"]
    request_content: Optional[str]
    response_content: Optional[str]
    raw_usage: Optional[Any]


class GatewayPolicy(TypedDict):
    id: str
    project_id: Optional[str]
    content_capture: Optional[Literal["full", "redacted", "none"]]
    output_tokens_cap: Optional[int]
    allowed_models: Optional[List[str]]
    when_unreachable: Optional[Literal["refuse", "allow"]]
    created_by: Optional[str]
    created_at: str
    updated_at: str


class Invitation(TypedDict):
    id: str
    email: str
    role: Literal["owner", "admin", "member", "viewer"]
    invited_by: Optional[str]
    links_made: int
    expires_at: str
    accepted_at: Optional[str]
    accepted_by: Optional[str]
    revoked_at: Optional[str]
    created_at: str


class InvitationsAcceptResult(TypedDict):
    organization_id: str
    user_id: str


class InvitationsCreateResult(TypedDict):
    id: str
    email: str
    role: Literal["owner", "admin", "member", "viewer"]
    invited_by: Optional[str]
    links_made: int
    expires_at: str
    accepted_at: Optional[str]
    accepted_by: Optional[str]
    revoked_at: Optional[str]
    created_at: str
    token: Optional[str]
    path: Optional[str]


class InvitationsPreviewResult(TypedDict):
    organization_id: str
    organization_name: str
    email: str
    role: Literal["owner", "admin", "member", "viewer"]
    invited_by: Optional[str]
    expires_at: str


class MeOrganization(TypedDict):
    id: str
    name: str
    slug: str
    role: Literal["owner", "admin", "member", "viewer", "service"]


class MeOrganizationsItem(TypedDict):
    id: str
    name: str
    slug: str
    role: Literal["owner", "admin", "member", "viewer", "service"]
    deleted_at: Optional[str]


class Me(TypedDict):
    kind: Literal["user", "api_key"]
    user: Optional[MeUpdateResult]
    organization: Optional[MeOrganization]
    organizations: List[MeOrganizationsItem]
    api_key_id: Optional[str]
    session_id: Optional[str]
    permissions: List[str]


class MeGetPreferencesResult(TypedDict, total=False):
    theme: Literal["system", "light", "dark"]
    density: Literal["comfortable", "compact"]
    times: Literal["local", "utc"]
    page_rows: int


class MeIdentitiesResult(TypedDict):
    issuer: str
    subject: str


class MeListIdentitiesResultDataItem(TypedDict):
    issuer: str
    subject: str
    created_at: str


class MeListIdentitiesResult(TypedDict):
    data: List[MeListIdentitiesResultDataItem]
    next_cursor: None


class MeUpdateResult(TypedDict):
    id: str
    email: str
    username: str
    full_name: str
    role: str
    is_verified: bool
    preferred_language: str
    timezone: str
    created_at: str


class Member(TypedDict):
    id: str
    user_id: str
    role: Literal["owner", "admin", "member", "viewer", "service"]
    display_name: str
    email: str
    avatar_url: Optional[str]
    created_at: str


class ModelAliaseTargetsItem(TypedDict):
    connection_id: str
    model: str
    priority: int
    weight: int


class ModelAliase(TypedDict):
    id: str
    alias: str
    description: str
    is_active: bool
    targets: List[ModelAliaseTargetsItem]
    created_by: Optional[str]
    created_at: str
    updated_at: str


class Notification(TypedDict):
    id: str
    subscription_id: str
    event_id: str
    event_type: str
    title: str
    body: Optional[str]
    read_at: Optional[str]
    created_at: str


class NotificationsGetUnreadCountResult(TypedDict):
    unread: int


class NotificationsReadAllResult(TypedDict):
    marked: int


class Organization(TypedDict):
    data: List[MeOrganizationsItem]
    next_cursor: None


class OrganizationDetail(TypedDict):
    id: str
    name: str
    slug: str
    settings: Dict[str, Any]
    created_at: str
    updated_at: str


class OrganizationsCreateResult(TypedDict):
    id: str
    name: str
    slug: str


class _PriceOverridePricesTiersItemRequired(TypedDict):
    above: int


class PriceOverridePricesTiersItem(_PriceOverridePricesTiersItemRequired, total=False):
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    reasoning: str


class PriceOverridePricesBatch(TypedDict, total=False):
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    reasoning: str


class PriceOverridePrices(TypedDict, total=False):
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    reasoning: str
    request: str
    tiers: List[PriceOverridePricesTiersItem]
    batch: PriceOverridePricesBatch


class PriceOverride(TypedDict):
    id: str
    provider: str
    model: str
    prices: PriceOverridePrices
    valid_from: Optional[str]
    valid_to: Optional[str]
    note: Optional[str]
    created_by: Optional[str]
    created_at: str
    updated_at: str


class Project(TypedDict):
    id: str
    name: str
    slug: str
    description: str
    owner_id: Optional[str]
    template_type: Optional[str]
    status: Literal["planning", "active", "on_hold", "completed", "archived", "deleted"]
    priority: int
    goals: List[Any]
    starts_on: Optional[str]
    due_on: Optional[str]
    git_repo_url: Optional[str]
    archived_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    updated_at: str
    deleted_at: Optional[str]


class ProviderConnection(TypedDict):
    id: str
    name: str
    provider: str
    wire: Literal["openai", "anthropic"]
    base_url: str
    key_last4: Optional[str]
    header_names: List[str]
    models: Optional[List[str]]
    is_active: bool
    tested_at: Optional[str]
    test_error: Optional[str]
    created_by: Optional[str]
    created_at: str
    updated_at: str


class RateLimit(TypedDict):
    id: str
    scope: Literal["organization", "project", "user", "agent", "api_key"]
    project_id: Optional[str]
    user_id: Optional[str]
    agent_id: Optional[str]
    api_key_id: Optional[str]
    requests_per_minute: Optional[int]
    tokens_per_minute: Optional[int]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    updated_at: str


class Repository(TypedDict):
    id: str
    name: str
    full_name: str
    provider: str
    url: Optional[str]
    default_branch: str
    languages: List[str]
    analysis_config: Dict[str, Any]
    last_analyzed_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    updated_at: str


class Schedule(TypedDict):
    id: str
    name: str
    description: str
    cron: str
    explanation: str
    timezone: str
    definition: Optional[str]
    definition_version: Optional[int]
    task_type: Optional[str]
    payload: Any
    priority: int
    catch_up: Literal["skip", "last", "all"]
    catch_up_max: int
    is_active: bool
    next_run_at: Optional[str]
    last_run_at: Optional[str]
    created_by: Optional[str]
    created_at: str


class SchedulesListFiringsResult(TypedDict):
    id: str
    tick: str
    kind: Literal["tick", "manual"]
    outcome: Literal["enqueued", "failed"]
    task_id: Optional[str]
    task_status: Optional[str]
    error: Any
    created_at: str


class SchedulesListNextResult(TypedDict):
    data: List[str]


class SchedulesPreviewResult(TypedDict):
    data: List[str]
    explanation: str


class SchedulesRunResult(TypedDict):
    task_id: str


class SessionDataItem(TypedDict):
    id: str
    device: str
    ip_address: Optional[str]
    created_at: str
    last_seen_at: str
    expires_at: str
    is_current: bool


class Session(TypedDict):
    data: List[SessionDataItem]
    next_cursor: None


class Task(TypedDict):
    id: str
    task_type: str
    title: str
    status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"]
    priority: int
    payload: Any
    results: Any
    error: Any
    attempts: int
    max_attempts: int
    pending_dependencies: int
    project_id: Optional[str]
    repository_id: Optional[str]
    scheduled_at: str
    started_at: Optional[str]
    completed_at: Optional[str]
    created_by: Optional[str]
    created_at: str


class TaskDefinition(TypedDict):
    id: str
    name: str
    version: int
    description: str
    task_type: str
    is_external: bool
    parameter_schema: Dict[str, Any]
    default_configuration: Dict[str, Any]
    cpu_cores: Optional[float]
    memory_mb: Optional[int]
    disk_mb: Optional[int]
    timeout_seconds: int
    max_retries: int
    retry_delay_seconds: float
    retry_backoff_multiplier: float
    retry_delay_max_seconds: float
    retry_jitter: float
    non_retryable_codes: List[str]
    concurrency_key: Optional[str]
    concurrency_limit: Optional[int]
    is_active: bool
    created_by: Optional[str]
    created_at: str


class TaskDefinitionsTasksResult(TypedDict):
    id: str
    created: bool


class TaskDetailFailedAttemptsItem(TypedDict):
    attempt: int
    outcome: str
    occurred_at: str
    error: Any
    duration_ms: Optional[int]
    retry_at: Optional[str]


class TaskDetail(TypedDict):
    id: str
    task_type: str
    title: str
    status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"]
    priority: int
    payload: Any
    results: Any
    error: Any
    attempts: int
    max_attempts: int
    pending_dependencies: int
    project_id: Optional[str]
    repository_id: Optional[str]
    scheduled_at: str
    started_at: Optional[str]
    completed_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    failed_attempts: List[TaskDetailFailedAttemptsItem]


class TaskLimit(TypedDict):
    id: str
    key: str
    concurrency_limit: Optional[int]
    rate_limit: Optional[int]
    rate_seconds: Optional[float]
    created_by: Optional[str]
    created_at: str
    updated_at: str


class TaskLimitDetail(TypedDict):
    id: str
    key: str
    concurrency_limit: Optional[int]
    rate_limit: Optional[int]
    rate_seconds: Optional[float]
    created_by: Optional[str]
    created_at: str
    updated_at: str
    held: int
    waiting: int
    rate_renews_at: Optional[str]


class TaskStatisticTypesItem(TypedDict):
    task_type: str
    completed: int
    failed: int
    cancelled: int
    failure_rate: Optional[float]
    completed_per_hour: float
    wait_p50: Optional[float]
    wait_p95: Optional[float]
    run_p50: Optional[float]
    run_p95: Optional[float]
    open: int
    oldest_open_at: Optional[str]


class TaskStatisticAgentsItem(TypedDict):
    primary_agent: str
    total_tasks: int
    completed: int
    failed: int
    success_rate: Optional[float]
    avg_execution_time_seconds: Optional[float]


class TaskStatistic(TypedDict):
    since: str
    types: List[TaskStatisticTypesItem]
    agents: List[TaskStatisticAgentsItem]


class TaskStatisticsListIntervalsResult(TypedDict):
    since: str
    until: str
    interval_seconds: float
    data: List[Dict[str, Any]]


class TaskTypeDataItem(TypedDict):
    task_type: str
    description: str
    is_external: bool


class TaskType(TypedDict):
    data: List[TaskTypeDataItem]


class TaskWorkerDataItem(TypedDict):
    task_type: str
    workers: int
    last_seen_at: Optional[str]
    open: int
    due: int
    running: int
    oldest_due_at: Optional[str]
    no_worker: bool


class TaskWorker(TypedDict):
    data: List[TaskWorkerDataItem]


class TaskWorkersClaimResultTasksItem(TypedDict):
    lease_id: str
    task_id: str
    task_type: str
    attempt: int
    timeout_seconds: int
    payload: Any
    lease_expires_at: str


class TaskWorkersClaimResult(TypedDict):
    tasks: List[TaskWorkersClaimResultTasksItem]


class TaskWorkersCreateResultTaskTypesItem(TypedDict):
    task_type: str
    is_defined: bool


class TaskWorkersCreateResult(TypedDict):
    id: str
    lease_seconds: int
    heartbeat_seconds: float
    task_types: List[TaskWorkersCreateResultTaskTypesItem]


class TaskWorkersHeartbeatResultTasksItem(TypedDict):
    lease_id: str
    task_id: Optional[str]
    state: Literal["held", "cancel", "pause", "timed_out", "lost"]


class TaskWorkersHeartbeatResult(TypedDict):
    tasks: List[TaskWorkersHeartbeatResultTasksItem]


class TaskWorkersLogsResultTasksItem(TypedDict):
    lease_id: str
    task_id: Optional[str]
    outcome: Literal["recorded", "returned", "lease_lost", "task_cancelled", "result_too_large", "result_not_storable"]


class TaskWorkersLogsResult(TypedDict):
    tasks: List[TaskWorkersLogsResultTasksItem]


class TasksCancelManyResult(TypedDict):
    changed: int
    next_cursor: Optional[str]


class TasksDependenciesResult(TypedDict):
    id: str
    status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"]
    pending_dependencies: int


class TasksEnqueueManyResult(TypedDict):
    data: List[TaskDefinitionsTasksResult]


class TasksGetDependenciesResultDependsOnItem(TypedDict):
    task_id: str
    kind: Literal["success", "failure", "completion"]
    status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"]
    task_type: str


class TasksGetDependenciesResult(TypedDict):
    satisfied: bool
    depends_on: List[TasksGetDependenciesResultDependsOnItem]
    dependants: List[TasksGetDependenciesResultDependsOnItem]


class TasksListLogsResult(TypedDict):
    id: str
    occurred_at: str
    attempt: int
    level: Literal["debug", "info", "warn", "error"]
    message: str
    data: Any


class TasksListResourceUsageResultDataItem(TypedDict):
    attempt: int
    measured_at: str
    duration_ms: int
    cpu_ms: Optional[float]
    cpu_usage_percent: Optional[float]
    memory_usage_mb: Optional[float]
    disk_usage_mb: Optional[float]
    network_io_mb: Optional[float]
    exit_code: Optional[int]


class TasksListResourceUsageResult(TypedDict):
    data: List[TasksListResourceUsageResultDataItem]


class TasksPauseResult(TypedDict):
    id: str
    status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"]


class WorkflowDataItem(TypedDict):
    name: str
    version: int
    description: str
    kind: Literal["code", "data"]
    is_active: bool


class Workflow(TypedDict):
    data: List[WorkflowDataItem]


class WorkflowDetail(TypedDict):
    id: str
    name: str
    version: int
    description: str
    input_schema: Dict[str, Any]
    time_max_seconds: Optional[int]
    cost_max: Optional[float]
    is_active: bool
    created_by: Optional[str]
    created_at: str
    definition: Dict[str, Any]


class WorkflowEventsCreateResult(TypedDict):
    runs: int


class WorkflowRun(TypedDict):
    id: str
    workflow: str
    version: int
    kind: Literal["code", "data"]
    status: Literal["pending", "running", "waiting", "retrying", "paused", "blocked", "completed", "failed", "cancelled"]
    correlation_key: Optional[str]
    error: Any
    step_count: int
    ended_step_count: int
    cost: float
    cost_max: Optional[float]
    deadline_at: Optional[str]
    wakes_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    started_at: Optional[str]
    completed_at: Optional[str]


class WorkflowRunDetailStepsItemEvent(TypedDict):
    name: str
    match: Any


class WorkflowRunDetailStepsItem(TypedDict):
    key: str
    place: int
    kind: str
    name: str
    status: str
    result: Any
    result_left_out: bool
    error: Any
    attempts: int
    cost: float
    task_id: Optional[str]
    task_status: Optional[str]
    approval_id: Optional[str]
    event: Optional[WorkflowRunDetailStepsItemEvent]
    due_at: Optional[str]
    started_at: str
    completed_at: Optional[str]


class WorkflowRunDetail(TypedDict):
    id: str
    workflow: str
    version: int
    kind: Literal["code", "data"]
    status: Literal["pending", "running", "waiting", "retrying", "paused", "blocked", "completed", "failed", "cancelled"]
    correlation_key: Optional[str]
    error: Any
    step_count: int
    ended_step_count: int
    cost: float
    cost_max: Optional[float]
    deadline_at: Optional[str]
    wakes_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    started_at: Optional[str]
    completed_at: Optional[str]
    input: Any
    output: Any
    steps: List[WorkflowRunDetailStepsItem]


class WorkflowRunsCancelResult(TypedDict):
    id: str
    status: Literal["pending", "running", "waiting", "retrying", "paused", "blocked", "completed", "failed", "cancelled"]


class WorkflowRunsCreateResult(TypedDict):
    id: str
    created: bool


class WorkflowRunsEventsResult(TypedDict):
    runs: int


class WorkflowsListVersionsResult(TypedDict):
    id: str
    version: int
    description: str
    is_active: bool
    created_by: Optional[str]
    created_at: str


class CostsCreateInputUsage(TypedDict, total=False):
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    audio_tokens: int


class _EventRetentionSetInputRulesItemRequired(TypedDict):
    keep_days: int


class EventRetentionSetInputRulesItem(_EventRetentionSetInputRulesItemRequired, total=False):
    source: str
    type: str


class _EventSubscriptionsCreateInputTargetRequired(TypedDict):
    task_type: str


class EventSubscriptionsCreateInputTarget(_EventSubscriptionsCreateInputTargetRequired, total=False):
    priority: int


class _EventSubscriptionsCreateInputTargetRequired(TypedDict):
    workflow: str


class EventSubscriptionsCreateInputTarget(_EventSubscriptionsCreateInputTargetRequired, total=False):
    version: int
    correlation_from: str
    priority: int


class EventSubscriptionsCreateInputTargetTo(TypedDict):
    user_id: str


class EventSubscriptionsCreateInputTargetTo(TypedDict):
    role: Literal["owner", "admin", "member", "viewer"]


class EventSubscriptionsCreateInputTargetTo(TypedDict):
    everyone: Literal[True]


class _EventSubscriptionsCreateInputTargetRequired(TypedDict):
    title: str
    to: EventSubscriptionsCreateInputTargetTo


class EventSubscriptionsCreateInputTarget(_EventSubscriptionsCreateInputTargetRequired, total=False):
    body: str


class EventSubscriptionsCreateInputTarget(TypedDict):
    endpoint_id: str


class EventSubscriptionsCreateInputTarget(TypedDict):
    customer_from: str


class EventSubscriptionsCreateInputBatch(TypedDict):
    count_max: int
    seconds_max: int


class _ModelAliasesCreateInputTargetsItemRequired(TypedDict):
    connection_id: str
    model: str


class ModelAliasesCreateInputTargetsItem(_ModelAliasesCreateInputTargetsItemRequired, total=False):
    priority: int
    weight: int


class _PriceOverridesCreateInputPricesTiersItemRequired(TypedDict):
    above: int


class PriceOverridesCreateInputPricesTiersItem(_PriceOverridesCreateInputPricesTiersItemRequired, total=False):
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    reasoning: str


class PriceOverridesCreateInputPricesBatch(TypedDict, total=False):
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    reasoning: str


class PriceOverridesCreateInputPrices(TypedDict, total=False):
    input: str
    cached_input: str
    cache_write: str
    cache_write_1h: str
    output: str
    reasoning: str
    request: str
    tiers: Sequence[PriceOverridesCreateInputPricesTiersItem]
    batch: PriceOverridesCreateInputPricesBatch


class _TaskWorkersLogsInputTasksItemLinesItemRequired(TypedDict):
    level: Literal["debug", "info", "warn", "error"]
    message: str


class TaskWorkersLogsInputTasksItemLinesItem(_TaskWorkersLogsInputTasksItemLinesItemRequired, total=False):
    data: Any


class _TaskWorkersLogsInputTasksItemProgressRequired(TypedDict):
    fraction: float


class TaskWorkersLogsInputTasksItemProgress(_TaskWorkersLogsInputTasksItemProgressRequired, total=False):
    message: str


class _TaskWorkersLogsInputTasksItemRequired(TypedDict):
    lease_id: str


class TaskWorkersLogsInputTasksItem(_TaskWorkersLogsInputTasksItemRequired, total=False):
    lines: Sequence[TaskWorkersLogsInputTasksItemLinesItem]
    progress: TaskWorkersLogsInputTasksItemProgress


class _TaskWorkersCompleteInputTasksItemRequired(TypedDict):
    lease_id: str


class TaskWorkersCompleteInputTasksItem(_TaskWorkersCompleteInputTasksItemRequired, total=False):
    result: Any


class _TaskWorkersFailInputTasksItemRequired(TypedDict):
    lease_id: str
    code: str


class TaskWorkersFailInputTasksItem(_TaskWorkersFailInputTasksItemRequired, total=False):
    message: str
    details: Mapping[str, Any]
    retryable: bool
    retry_after_seconds: float


class TasksCancelManyInputFilter(TypedDict, total=False):
    ids: Sequence[str]
    task_type: str
    status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"]
    project_id: str
    repository_id: str
    parent_task_id: str
    metadata: Mapping[str, Any]
    error_code: str
    created_after: str
    created_before: str


class _TasksEnqueueManyInputTasksItemDependsOnItemRequired(TypedDict):
    task_id: str


class TasksEnqueueManyInputTasksItemDependsOnItem(_TasksEnqueueManyInputTasksItemDependsOnItemRequired, total=False):
    kind: Literal["success", "failure", "completion"]


class _TasksEnqueueManyInputTasksItemDependsOnItemRequired(TypedDict):
    ref: str


class TasksEnqueueManyInputTasksItemDependsOnItem(_TasksEnqueueManyInputTasksItemDependsOnItemRequired, total=False):
    kind: Literal["success", "failure", "completion"]


class TasksEnqueueManyInputTasksItem(TypedDict, total=False):
    task_type: str
    definition: str
    definition_version: int
    title: str
    description: str
    payload: Any
    metadata: Mapping[str, Any]
    priority: int
    scheduled_at: str
    max_attempts: int
    timeout_seconds: int
    project_id: str
    repository_id: str
    parent_task_id: str
    idempotency_key: str
    concurrency_key: str
    concurrency_limit: int
    on_dependency_failure: Literal["cancel", "fail", "run"]
    ref: str
    depends_on: Sequence[Union[str, TasksEnqueueManyInputTasksItemDependsOnItem]]


EventsSendInput = Union[EventsSendInputItem, Sequence[EventsSendInputItem]]


WorkflowsSetInput = Mapping[str, Any]


class ActivityResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        resource_type: str = NOT_GIVEN,
        resource_id: str = NOT_GIVEN,
        action: str = NOT_GIVEN,
        from_: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Activity]:
        """What happened in the organization, newest first. GET /v1/activity (activity:read)"""
        return self._pages("/v1/activity", given(limit=limit, cursor=cursor, resource_type=resource_type, resource_id=resource_id, action=action, from_=from_, until=until, user_id=user_id), options)


class AnalysisRunsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        repository_id: str = NOT_GIVEN,
        commit_sha: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[AnalysisRun]:
        """Analysis runs, newest first. GET /v1/analysis-runs (analysis:read)"""
        return self._pages("/v1/analysis-runs", given(limit=limit, cursor=cursor, repository_id=repository_id, commit_sha=commit_sha), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """A run with its totals, worst files and most complex functions. GET /v1/analysis-runs/{id} (analysis:read)"""
        return self._transport.send("GET", fill("analysis_runs.get", "/v1/analysis-runs/{id}", id=id), options=options)


class ApiKeysResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[ApiKey]:
        """API keys: all for administrators, your own otherwise. GET /v1/api-keys (api_keys:read)"""
        return self._pages("/v1/api-keys", given(limit=limit, cursor=cursor), options)

    def create(
        self,
        *,
        name: str,
        service: bool = NOT_GIVEN,
        role: Literal["owner", "admin", "member", "viewer"] = NOT_GIVEN,
        scopes: Sequence[str] = NOT_GIVEN,
        expires_at: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> ApiKeysCreateResult:
        """Make an API key; it is shown this once. POST /v1/api-keys (api_keys:write)"""
        return self._transport.send("POST", "/v1/api-keys", body=given(name=name, service=service, role=role, scopes=scopes, expires_at=expires_at), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Revoke an API key. DELETE /v1/api-keys/{id} (api_keys:write)"""
        return self._transport.send("DELETE", fill("api_keys.delete", "/v1/api-keys/{id}", id=id), idempotent=True, options=options)

    def rotate(
        self,
        id: str,
        *,
        grace_seconds: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> ApiKeysCreateResult:
        """Replace an API key; the old one works on for a while. POST /v1/api-keys/{id}/rotate (api_keys:write)"""
        return self._transport.send("POST", fill("api_keys.rotate", "/v1/api-keys/{id}/rotate", id=id), body=given(grace_seconds=grace_seconds), idempotent=True, options=options)


class ApprovalsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        mine: bool = NOT_GIVEN,
        status: Literal["pending", "approved", "rejected", "timed_out", "cancelled"] = NOT_GIVEN,
        decided: bool = NOT_GIVEN,
        run_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Approval]:
        """Approvals, newest first; with mine=true those that you are asked for. GET /v1/approvals (approvals:read)"""
        return self._pages("/v1/approvals", given(limit=limit, cursor=cursor, mine=mine, status=status, decided=decided, run_id=run_id), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Approval:
        """An approval with its votes. GET /v1/approvals/{id} (approvals:read)"""
        return self._transport.send("GET", fill("approvals.get", "/v1/approvals/{id}", id=id), options=options)

    def votes(
        self,
        id: str,
        *,
        vote: Literal["approve", "reject"],
        comment: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Approval:
        """Vote, once, on an approval that you are asked for. POST /v1/approvals/{id}/votes (approvals:vote)"""
        return self._transport.send("POST", fill("approvals.votes", "/v1/approvals/{id}/votes", id=id), body=given(vote=vote, comment=comment), idempotent=True, options=options)


class AuditResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        resource_type: str = NOT_GIVEN,
        resource_id: str = NOT_GIVEN,
        action: str = NOT_GIVEN,
        from_: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        actor_user_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Audit]:
        """Who changed what, newest first. GET /v1/audit (audit:read)"""
        return self._pages("/v1/audit", given(limit=limit, cursor=cursor, resource_type=resource_type, resource_id=resource_id, action=action, from_=from_, until=until, actor_user_id=actor_user_id), options)

    def get_verify(
        self,
        *,
        head: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> AuditGetVerifyResult:
        """Whether the audit log is what was sealed, and if not from which entry on. GET /v1/audit/verify (audit:read)"""
        return self._transport.send("GET", "/v1/audit/verify", query=given(head=head), options=options)

    def get_proof(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> AuditGetProofResult:
        """The proof that an entry is under a seal. GET /v1/audit/{id}/proof (audit:read)"""
        return self._transport.send("GET", fill("audit.get_proof", "/v1/audit/{id}/proof", id=id), options=options)


class AuthResource(Resource):
    def sign_in(
        self,
        *,
        email: str,
        password: str,
        options: Optional[CallOptions] = None,
    ) -> AuthSignInResult:
        """Sign in with e-mail and password; the session is a cookie. POST /v1/sign-in (public)"""
        return self._transport.send("POST", "/v1/sign-in", body=given(email=email, password=password), options=options)

    def redeem_link(
        self,
        *,
        token: str,
        password: str,
        options: Optional[CallOptions] = None,
    ) -> AuthSignInResult:
        """Set a password with a sign-in link, and sign in. POST /v1/sign-in/link (public)"""
        return self._transport.send("POST", "/v1/sign-in/link", body=given(token=token, password=password), options=options)

    def sign_out(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """End this session. POST /v1/sign-out (public)"""
        return self._transport.send("POST", "/v1/sign-out", options=options)

    def sign_out_everywhere(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> AuthSignOutEverywhereResult:
        """End all of your sessions. POST /v1/sign-out/everywhere (user)"""
        return self._transport.send("POST", "/v1/sign-out/everywhere", options=options)


class BudgetsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        scope: Literal["organization", "project", "user", "agent", "api_key"] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Budget]:
        """Budgets, newest first, with what is spent, reserved and left of each. GET /v1/budgets (budgets:read)"""
        return self._pages("/v1/budgets", given(limit=limit, cursor=cursor, scope=scope), options)

    def create(
        self,
        *,
        scope: Literal["organization", "project", "user", "agent", "api_key"],
        period: Literal["day", "month", "total"],
        project_id: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        agent_id: str = NOT_GIVEN,
        api_key_id: str = NOT_GIVEN,
        name: str = NOT_GIVEN,
        timezone: str = NOT_GIVEN,
        token_limit: Optional[int] = NOT_GIVEN,
        cost_limit: Optional[str] = NOT_GIVEN,
        thresholds: Sequence[int] = NOT_GIVEN,
        on_exceed: Literal["block", "warn"] = NOT_GIVEN,
        unpriced: Literal["refuse", "allow"] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Budget:
        """Make a budget: one for each target and period. POST /v1/budgets (budgets:write)"""
        return self._transport.send("POST", "/v1/budgets", body=given(scope=scope, period=period, project_id=project_id, user_id=user_id, agent_id=agent_id, api_key_id=api_key_id, name=name, timezone=timezone, token_limit=token_limit, cost_limit=cost_limit, thresholds=thresholds, on_exceed=on_exceed, unpriced=unpriced, is_active=is_active), idempotent=True, options=options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Budget:
        """One budget, with what is spent, reserved and left of it. GET /v1/budgets/{id} (budgets:read)"""
        return self._transport.send("GET", fill("budgets.get", "/v1/budgets/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        name: str = NOT_GIVEN,
        timezone: str = NOT_GIVEN,
        token_limit: Optional[int] = NOT_GIVEN,
        cost_limit: Optional[str] = NOT_GIVEN,
        thresholds: Sequence[int] = NOT_GIVEN,
        on_exceed: Literal["block", "warn"] = NOT_GIVEN,
        unpriced: Literal["refuse", "allow"] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Budget:
        """Change a budget; what it counts and its period stay. PATCH /v1/budgets/{id} (budgets:write)"""
        return self._transport.send("PATCH", fill("budgets.update", "/v1/budgets/{id}", id=id), body=given(name=name, timezone=timezone, token_limit=token_limit, cost_limit=cost_limit, thresholds=thresholds, on_exceed=on_exceed, unpriced=unpriced, is_active=is_active), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a budget with its counters; calls under way go on. DELETE /v1/budgets/{id} (budgets:write)"""
        return self._transport.send("DELETE", fill("budgets.delete", "/v1/budgets/{id}", id=id), idempotent=True, options=options)


class CostsResource(Resource):
    def create(
        self,
        *,
        call_id: str,
        provider: str,
        model: str,
        usage: CostsCreateInputUsage = NOT_GIVEN,
        wire: Literal["openai_chat", "openai_responses", "openai_embeddings", "anthropic_messages", "google"] = NOT_GIVEN,
        raw_usage: Mapping[str, Any] = NOT_GIVEN,
        occurred_at: str = NOT_GIVEN,
        batch: bool = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        agent_id: str = NOT_GIVEN,
        agent_type: str = NOT_GIVEN,
        task_id: str = NOT_GIVEN,
        conversation_id: str = NOT_GIVEN,
        trace_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> CostsCreateResult:
        """Record a call that you made of a provider yourself; once for each call_id. POST /v1/costs (costs:write)"""
        return self._transport.send("POST", "/v1/costs", body=given(call_id=call_id, provider=provider, model=model, usage=usage, wire=wire, raw_usage=raw_usage, occurred_at=occurred_at, batch=batch, user_id=user_id, project_id=project_id, agent_id=agent_id, agent_type=agent_type, task_id=task_id, conversation_id=conversation_id, trace_id=trace_id), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        conversation_id: str = NOT_GIVEN,
        trace_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Cost]:
        """Calls with what they cost, newest first: your own, or everybody’s for administrators. GET /v1/costs (costs:read)"""
        return self._pages("/v1/costs", given(limit=limit, cursor=cursor, since=since, until=until, user_id=user_id, project_id=project_id, conversation_id=conversation_id, trace_id=trace_id), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Cost:
        """One call with what it cost. GET /v1/costs/{id} (costs:read)"""
        return self._transport.send("GET", fill("costs.get", "/v1/costs/{id}", id=id), options=options)

    def get_report(
        self,
        *,
        by: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        agent_id: str = NOT_GIVEN,
        provider: str = NOT_GIVEN,
        model: str = NOT_GIVEN,
        time_zone: str = NOT_GIVEN,
        format: Literal["json", "csv"] = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> CostsGetReportResult:
        """What calls cost by up to three dimensions, of this month or another time. GET /v1/costs/report (costs:read)"""
        return self._transport.send("GET", "/v1/costs/report", query=given(by=by, since=since, until=until, user_id=user_id, project_id=project_id, agent_id=agent_id, provider=provider, model=model, time_zone=time_zone, format=format, limit=limit), options=options)

    def get_usage(
        self,
        *,
        month: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        agent_id: str = NOT_GIVEN,
        provider: str = NOT_GIVEN,
        model: str = NOT_GIVEN,
        time_zone: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> CostsGetUsageResult:
        """What a month has used and cost, and what it is going to cost. GET /v1/costs/usage (costs:read)"""
        return self._transport.send("GET", "/v1/costs/usage", query=given(month=month, user_id=user_id, project_id=project_id, agent_id=agent_id, provider=provider, model=model, time_zone=time_zone), options=options)

    def reprice(
        self,
        *,
        since: str,
        until: str,
        provider: str = NOT_GIVEN,
        model: str = NOT_GIVEN,
        after: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> CostsRepriceResult:
        """Price the calls of a time again, after prices have changed. POST /v1/costs/reprice (costs:reprice)"""
        return self._transport.send("POST", "/v1/costs/reprice", body=given(since=since, until=until, provider=provider, model=model, after=after), options=options)


class EventDeliveriesResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        status: Literal["pending", "sending", "delivered", "dead"] = NOT_GIVEN,
        endpoint_id: str = NOT_GIVEN,
        event_id: str = NOT_GIVEN,
        event_type: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        customer: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventDelivery]:
        """The log of deliveries, newest first. GET /v1/event-deliveries (event_deliveries:read)"""
        return self._pages("/v1/event-deliveries", given(limit=limit, cursor=cursor, status=status, endpoint_id=endpoint_id, event_id=event_id, event_type=event_type, since=since, until=until, customer=customer), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventDeliveryDetail:
        """A delivery and its attempts. GET /v1/event-deliveries/{id} (event_deliveries:read)"""
        return self._transport.send("GET", fill("event_deliveries.get", "/v1/event-deliveries/{id}", id=id), options=options)

    def retry(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventDelivery:
        """Send a delivery that has ended again, under the same event id. POST /v1/event-deliveries/{id}/retry (event_deliveries:write)"""
        return self._transport.send("POST", fill("event_deliveries.retry", "/v1/event-deliveries/{id}/retry", id=id), idempotent=True, options=options)

    def retry_many(
        self,
        *,
        ids: Sequence[str] = NOT_GIVEN,
        status: Literal["delivered", "dead"] = NOT_GIVEN,
        endpoint_id: str = NOT_GIVEN,
        event_id: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        customer: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventDeliveriesRetryManyResult:
        """Send deliveries again that have ended: some, a range of time, or all a filter finds. POST /v1/event-deliveries/retry (event_deliveries:write)"""
        return self._transport.send("POST", "/v1/event-deliveries/retry", body=given(ids=ids, status=status, endpoint_id=endpoint_id, event_id=event_id, since=since, until=until, customer=customer), idempotent=True, options=options)


class EventDeliveryStatisticsResource(Resource):
    def list(
        self,
        *,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        by: Literal["hour", "day", "endpoint"] = NOT_GIVEN,
        endpoint_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventDeliveryStatistic:
        """How many deliveries were made and what became of them, by hour or day of UTC, or by endpoint. GET /v1/event-delivery-statistics (event_deliveries:read)"""
        return self._transport.send("GET", "/v1/event-delivery-statistics", query=given(since=since, until=until, by=by, endpoint_id=endpoint_id), options=options)


class EventEndpointsResource(Resource):
    def create(
        self,
        *,
        url: str,
        customer: str = NOT_GIVEN,
        secret: str = NOT_GIVEN,
        description: Optional[str] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        headers: Optional[Mapping[str, str]] = NOT_GIVEN,
        timeout_ms: int = NOT_GIVEN,
        rate_per_second: Optional[int] = NOT_GIVEN,
        concurrency_max: int = NOT_GIVEN,
        order_by: Optional[str] = NOT_GIVEN,
        retry_schedule_seconds: Optional[Sequence[int]] = NOT_GIVEN,
        jitter_percent: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventEndpointsCreateResult:
        """Make an endpoint that webhooks are sent to; its secret is shown once. POST /v1/event-endpoints (event_endpoints:write)"""
        return self._transport.send("POST", "/v1/event-endpoints", body=given(url=url, customer=customer, secret=secret, description=description, names=names, headers=headers, timeout_ms=timeout_ms, rate_per_second=rate_per_second, concurrency_max=concurrency_max, order_by=order_by, retry_schedule_seconds=retry_schedule_seconds, jitter_percent=jitter_percent), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        customer: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventEndpoint]:
        """Endpoints and how they fare, newest first. GET /v1/event-endpoints (event_endpoints:read)"""
        return self._pages("/v1/event-endpoints", given(limit=limit, cursor=cursor, customer=customer), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """An endpoint and how it fares. GET /v1/event-endpoints/{id} (event_endpoints:read)"""
        return self._transport.send("GET", fill("event_endpoints.get", "/v1/event-endpoints/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        url: str = NOT_GIVEN,
        description: Optional[str] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        headers: Optional[Mapping[str, str]] = NOT_GIVEN,
        timeout_ms: int = NOT_GIVEN,
        rate_per_second: Optional[int] = NOT_GIVEN,
        concurrency_max: int = NOT_GIVEN,
        order_by: Optional[str] = NOT_GIVEN,
        retry_schedule_seconds: Optional[Sequence[int]] = NOT_GIVEN,
        jitter_percent: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """Change an endpoint; what is on its way goes to the new address. PATCH /v1/event-endpoints/{id} (event_endpoints:write)"""
        return self._transport.send("PATCH", fill("event_endpoints.update", "/v1/event-endpoints/{id}", id=id), body=given(url=url, description=description, names=names, headers=headers, timeout_ms=timeout_ms, rate_per_second=rate_per_second, concurrency_max=concurrency_max, order_by=order_by, retry_schedule_seconds=retry_schedule_seconds, jitter_percent=jitter_percent), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete an endpoint and the subscriptions to it; its deliveries stay in the log. DELETE /v1/event-endpoints/{id} (event_endpoints:write)"""
        return self._transport.send("DELETE", fill("event_endpoints.delete", "/v1/event-endpoints/{id}", id=id), idempotent=True, options=options)

    def rotate_secret(
        self,
        id: str,
        *,
        secret: str = NOT_GIVEN,
        overlap_hours: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventEndpointsCreateResult:
        """Sign with a new secret; for some hours more with the old one too. POST /v1/event-endpoints/{id}/rotate-secret (event_endpoints:write)"""
        return self._transport.send("POST", fill("event_endpoints.rotate_secret", "/v1/event-endpoints/{id}/rotate-secret", id=id), body=given(secret=secret, overlap_hours=overlap_hours), idempotent=True, options=options)

    def enable(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """Switch an endpoint on and close its circuit; what died meanwhile can be sent again. POST /v1/event-endpoints/{id}/enable (event_endpoints:write)"""
        return self._transport.send("POST", fill("event_endpoints.enable", "/v1/event-endpoints/{id}/enable", id=id), idempotent=True, options=options)

    def disable(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """Switch an endpoint off; what waits for it is dead, and can be sent again. POST /v1/event-endpoints/{id}/disable (event_endpoints:write)"""
        return self._transport.send("POST", fill("event_endpoints.disable", "/v1/event-endpoints/{id}/disable", id=id), idempotent=True, options=options)

    def test(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpointsTestResult:
        """Send an endpoint a test event. POST /v1/event-endpoints/{id}/test (event_endpoints:write)"""
        return self._transport.send("POST", fill("event_endpoints.test", "/v1/event-endpoints/{id}/test", id=id), idempotent=True, options=options)


class EventPortalResource(Resource):
    def get(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventPortal:
        """Whose portal this is, and until when. GET /v1/event-portal (public)"""
        return self._transport.send("GET", "/v1/event-portal", options=options)

    def list_endpoints(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventEndpoint]:
        """The customer’s endpoints, newest first. GET /v1/event-portal/endpoints (public)"""
        return self._pages("/v1/event-portal/endpoints", given(limit=limit, cursor=cursor), options)

    def create_endpoint(
        self,
        *,
        url: str,
        description: Optional[str] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        headers: Optional[Mapping[str, str]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventEndpointsCreateResult:
        """Make an endpoint of the customer; its secret is shown once. POST /v1/event-portal/endpoints (public)"""
        return self._transport.send("POST", "/v1/event-portal/endpoints", body=given(url=url, description=description, names=names, headers=headers), options=options)

    def get_endpoints(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """An endpoint of the customer. GET /v1/event-portal/endpoints/{id} (public)"""
        return self._transport.send("GET", fill("event_portal.get_endpoints", "/v1/event-portal/endpoints/{id}", id=id), options=options)

    def update_endpoints(
        self,
        id: str,
        *,
        url: str = NOT_GIVEN,
        description: Optional[str] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        headers: Optional[Mapping[str, str]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """Change an endpoint of the customer. PATCH /v1/event-portal/endpoints/{id} (public)"""
        return self._transport.send("PATCH", fill("event_portal.update_endpoints", "/v1/event-portal/endpoints/{id}", id=id), body=given(url=url, description=description, names=names, headers=headers), options=options)

    def delete_endpoints(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete an endpoint of the customer. DELETE /v1/event-portal/endpoints/{id} (public)"""
        return self._transport.send("DELETE", fill("event_portal.delete_endpoints", "/v1/event-portal/endpoints/{id}", id=id), options=options)

    def endpoints_rotate_secret(
        self,
        id: str,
        *,
        overlap_hours: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventEndpointsCreateResult:
        """Sign with a new secret; for some hours more with the old one too. POST /v1/event-portal/endpoints/{id}/rotate-secret (public)"""
        return self._transport.send("POST", fill("event_portal.endpoints_rotate_secret", "/v1/event-portal/endpoints/{id}/rotate-secret", id=id), body=given(overlap_hours=overlap_hours), options=options)

    def endpoints_enable(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """Switch an endpoint of the customer on. POST /v1/event-portal/endpoints/{id}/enable (public)"""
        return self._transport.send("POST", fill("event_portal.endpoints_enable", "/v1/event-portal/endpoints/{id}/enable", id=id), options=options)

    def endpoints_disable(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpoint:
        """Switch an endpoint of the customer off. POST /v1/event-portal/endpoints/{id}/disable (public)"""
        return self._transport.send("POST", fill("event_portal.endpoints_disable", "/v1/event-portal/endpoints/{id}/disable", id=id), options=options)

    def endpoints_test(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventEndpointsTestResult:
        """Send an endpoint of the customer a test event. POST /v1/event-portal/endpoints/{id}/test (public)"""
        return self._transport.send("POST", fill("event_portal.endpoints_test", "/v1/event-portal/endpoints/{id}/test", id=id), options=options)

    def list_deliveries(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        status: Literal["pending", "sending", "delivered", "dead"] = NOT_GIVEN,
        endpoint_id: str = NOT_GIVEN,
        event_id: str = NOT_GIVEN,
        event_type: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventDelivery]:
        """What was sent to the customer, newest first. GET /v1/event-portal/deliveries (public)"""
        return self._pages("/v1/event-portal/deliveries", given(limit=limit, cursor=cursor, status=status, endpoint_id=endpoint_id, event_id=event_id, event_type=event_type, since=since, until=until), options)

    def get_deliveries(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventDeliveryDetail:
        """A delivery to the customer and its attempts. GET /v1/event-portal/deliveries/{id} (public)"""
        return self._transport.send("GET", fill("event_portal.get_deliveries", "/v1/event-portal/deliveries/{id}", id=id), options=options)

    def retry_delivery(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventDelivery:
        """Send a delivery to the customer again. POST /v1/event-portal/deliveries/{id}/retry (public)"""
        return self._transport.send("POST", fill("event_portal.retry_delivery", "/v1/event-portal/deliveries/{id}/retry", id=id), options=options)

    def retry_deliveries(
        self,
        *,
        ids: Sequence[str] = NOT_GIVEN,
        status: Literal["delivered", "dead"] = NOT_GIVEN,
        endpoint_id: str = NOT_GIVEN,
        event_id: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventDeliveriesRetryManyResult:
        """Send deliveries to the customer again: some, a range of time, or all a filter finds. POST /v1/event-portal/deliveries/retry (public)"""
        return self._transport.send("POST", "/v1/event-portal/deliveries/retry", body=given(ids=ids, status=status, endpoint_id=endpoint_id, event_id=event_id, since=since, until=until), options=options)


class EventPortalLinksResource(Resource):
    def create(
        self,
        *,
        customer: str,
        expires_in_minutes: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventPortalLinksCreateResult:
        """A token by which a customer of yours manages its own endpoints for a while. POST /v1/event-portal-links (event_endpoints:write)"""
        return self._transport.send("POST", "/v1/event-portal-links", body=given(customer=customer, expires_in_minutes=expires_in_minutes), options=options)


class EventRetentionResource(Resource):
    def get(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventRetention:
        """How long events are kept; of the rules that fit an event, that of its type holds, then that of its source. GET /v1/event-retention (event_retention:read)"""
        return self._transport.send("GET", "/v1/event-retention", options=options)

    def set(
        self,
        *,
        rules: Sequence[EventRetentionSetInputRulesItem],
        options: Optional[CallOptions] = None,
    ) -> EventRetention:
        """Replace the rules by those given; events that are past their time are removed within the hour. PUT /v1/event-retention (event_retention:write)"""
        return self._transport.send("PUT", "/v1/event-retention", body=given(rules=rules), idempotent=True, options=options)


class EventSourcesResource(Resource):
    def get_health(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventSourcesGetHealthResult:
        """When an event source last received something, and what it was sent and refused in the last 24 hours. GET /v1/event-sources/{id}/health (event_sources:read)"""
        return self._transport.send("GET", fill("event_sources.get_health", "/v1/event-sources/{id}/health", id=id), options=options)

    def test(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventSourcesTestResult:
        """Receive a sample event, signed with the secret as the sender of the source would; subscriptions act on it. POST /v1/event-sources/{id}/test (events:write)"""
        return self._transport.send("POST", fill("event_sources.test", "/v1/event-sources/{id}/test", id=id), options=options)

    def create(
        self,
        *,
        name: str,
        scheme: Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac"],
        configuration: Mapping[str, Any] = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        secret: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventSourcesCreateResult:
        """Make an event source; its address and secret are shown once. POST /v1/event-sources (event_sources:write)"""
        return self._transport.send("POST", "/v1/event-sources", body=given(name=name, scheme=scheme, configuration=configuration, project_id=project_id, secret=secret), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventSource]:
        """Event sources, newest first. GET /v1/event-sources (event_sources:read)"""
        return self._pages("/v1/event-sources", given(limit=limit, cursor=cursor), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventSourceDetail:
        """An event source. GET /v1/event-sources/{id} (event_sources:read)"""
        return self._transport.send("GET", fill("event_sources.get", "/v1/event-sources/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        name: str = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventSourceDetail:
        """Rename an event source, or switch it on or off. PATCH /v1/event-sources/{id} (event_sources:write)"""
        return self._transport.send("PATCH", fill("event_sources.update", "/v1/event-sources/{id}", id=id), body=given(name=name, is_active=is_active), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete an event source; its events stay. DELETE /v1/event-sources/{id} (event_sources:write)"""
        return self._transport.send("DELETE", fill("event_sources.delete", "/v1/event-sources/{id}", id=id), idempotent=True, options=options)

    def rotate_secret(
        self,
        id: str,
        *,
        secret: str = NOT_GIVEN,
        overlap_hours: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventSourcesCreateResult:
        """Put a new secret in use; the old one is accepted for some hours more. POST /v1/event-sources/{id}/rotate-secret (event_sources:write)"""
        return self._transport.send("POST", fill("event_sources.rotate_secret", "/v1/event-sources/{id}/rotate-secret", id=id), body=given(secret=secret, overlap_hours=overlap_hours), idempotent=True, options=options)


class EventStatisticsResource(Resource):
    def list(
        self,
        *,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        bucket: Literal["hour", "day", "week", "month"] = NOT_GIVEN,
        by: Literal["source", "type", "category", "status"] = NOT_GIVEN,
        source: str = NOT_GIVEN,
        type: str = NOT_GIVEN,
        category: str = NOT_GIVEN,
        status: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventStatistic:
        """How many events there were, by hour, day, week or month of UTC; counted within some 15 seconds. GET /v1/event-statistics (events:read)"""
        return self._transport.send("GET", "/v1/event-statistics", query=given(since=since, until=until, bucket=bucket, by=by, source=source, type=type, category=category, status=status), options=options)


class EventSubscriptionsResource(Resource):
    def create(
        self,
        *,
        name: str,
        target: EventSubscriptionsCreateInputTarget,
        action: Literal["task", "webhook", "workflow", "notification"] = NOT_GIVEN,
        batch: Optional[EventSubscriptionsCreateInputBatch] = NOT_GIVEN,
        sources: Sequence[Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac", "api", "plinth"]] = NOT_GIVEN,
        categories: Sequence[Literal["code", "review", "issue", "discussion", "ci", "deployment", "release", "security", "planning", "access", "repository", "community", "billing", "system", "other"]] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        filter: Optional[Union[str, Mapping[str, Any]]] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventSubscription:
        """Have a task made, a workflow run, a webhook sent or members told for each event that matches. POST /v1/event-subscriptions (event_subscriptions:write)"""
        return self._transport.send("POST", "/v1/event-subscriptions", body=given(name=name, target=target, action=action, batch=batch, sources=sources, categories=categories, names=names, filter=filter, is_active=is_active), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventSubscription]:
        """Event subscriptions, newest first. GET /v1/event-subscriptions (event_subscriptions:read)"""
        return self._pages("/v1/event-subscriptions", given(limit=limit, cursor=cursor), options)

    def test(
        self,
        *,
        sources: Sequence[Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac", "api", "plinth"]] = NOT_GIVEN,
        categories: Sequence[Literal["code", "review", "issue", "discussion", "ci", "deployment", "release", "security", "planning", "access", "repository", "community", "billing", "system", "other"]] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        filter: Optional[Union[str, Mapping[str, Any]]] = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventSubscriptionsTestResult:
        """Which of the newest events a subscription would take, and why not the others; nothing is changed. POST /v1/event-subscriptions/test (events:read)"""
        return self._transport.send("POST", "/v1/event-subscriptions/test", body=given(sources=sources, categories=categories, names=names, filter=filter, limit=limit), options=options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventSubscription:
        """An event subscription. GET /v1/event-subscriptions/{id} (event_subscriptions:read)"""
        return self._transport.send("GET", fill("event_subscriptions.get", "/v1/event-subscriptions/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        name: str = NOT_GIVEN,
        target: EventSubscriptionsCreateInputTarget = NOT_GIVEN,
        batch: Optional[EventSubscriptionsCreateInputBatch] = NOT_GIVEN,
        sources: Sequence[Literal["github", "standard_webhooks", "slack", "linear", "deployment", "hmac", "api", "plinth"]] = NOT_GIVEN,
        categories: Sequence[Literal["code", "review", "issue", "discussion", "ci", "deployment", "release", "security", "planning", "access", "repository", "community", "billing", "system", "other"]] = NOT_GIVEN,
        names: Sequence[str] = NOT_GIVEN,
        filter: Optional[Union[str, Mapping[str, Any]]] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventSubscription:
        """Change an event subscription; events already matched stay as they are. PATCH /v1/event-subscriptions/{id} (event_subscriptions:write)"""
        return self._transport.send("PATCH", fill("event_subscriptions.update", "/v1/event-subscriptions/{id}", id=id), body=given(name=name, target=target, batch=batch, sources=sources, categories=categories, names=names, filter=filter, is_active=is_active), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete an event subscription; the tasks it made stay. DELETE /v1/event-subscriptions/{id} (event_subscriptions:write)"""
        return self._transport.send("DELETE", fill("event_subscriptions.delete", "/v1/event-subscriptions/{id}", id=id), idempotent=True, options=options)


class EventTypesResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[EventType]:
        """Event types, newest first. GET /v1/event-types (event_types:read)"""
        return self._pages("/v1/event-types", given(limit=limit, cursor=cursor), options)

    def get(
        self,
        source: str,
        name: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventType:
        """An event type. GET /v1/event-types/{source}/{name} (event_types:read)"""
        return self._transport.send("GET", fill("event_types.get", "/v1/event-types/{source}/{name}", source=source, name=name), options=options)

    def set(
        self,
        source: str,
        name: str,
        *,
        category: Literal["code", "review", "issue", "discussion", "ci", "deployment", "release", "security", "planning", "access", "repository", "community", "billing", "system", "other"] = NOT_GIVEN,
        description: str = NOT_GIVEN,
        payload_schema: Optional[Mapping[str, Any]] = NOT_GIVEN,
        retention_days: Optional[int] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventType:
        """Make an event type, or set it to what is given: the schema of its payload, its retention, whether it is wanted. PUT /v1/event-types/{source}/{name} (event_types:write)"""
        return self._transport.send("PUT", fill("event_types.set", "/v1/event-types/{source}/{name}", source=source, name=name), body=given(category=category, description=description, payload_schema=payload_schema, retention_days=retention_days, is_active=is_active), idempotent=True, options=options)

    def delete(
        self,
        source: str,
        name: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete an event type; its events stay, and new ones have none. DELETE /v1/event-types/{source}/{name} (event_types:write)"""
        return self._transport.send("DELETE", fill("event_types.delete", "/v1/event-types/{source}/{name}", source=source, name=name), idempotent=True, options=options)


class EventsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        source: str = NOT_GIVEN,
        source_id: str = NOT_GIVEN,
        type: str = NOT_GIVEN,
        category: Literal["code", "review", "issue", "discussion", "ci", "deployment", "release", "security", "planning", "access", "repository", "community", "billing", "system", "other"] = NOT_GIVEN,
        status: Literal["pending", "processing", "processed", "failed", "skipped"] = NOT_GIVEN,
        repository_id: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        actor: str = NOT_GIVEN,
        q: str = NOT_GIVEN,
        contains: str = NOT_GIVEN,
        since: str = NOT_GIVEN,
        until: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Event]:
        """Events, newest first. GET /v1/events (events:read)"""
        return self._pages("/v1/events", given(limit=limit, cursor=cursor, source=source, source_id=source_id, type=type, category=category, status=status, repository_id=repository_id, project_id=project_id, actor=actor, q=q, contains=contains, since=since, until=until), options)

    def send(
        self,
        body: EventsSendInput,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventsSendResult:
        """Send one event or several, each stored at most once. POST /v1/events (events:write)"""
        return self._transport.send("POST", "/v1/events", body=body, idempotent=True, options=options)

    def get(
        self,
        id: str,
        *,
        format: Literal["plinth", "cloudevents"] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> EventDetail:
        """An event: its payload, its typed columns, and the tasks it set off. GET /v1/events/{id} (events:read)"""
        return self._transport.send("GET", fill("events.get", "/v1/events/{id}", id=id), query=given(format=format), options=options)

    def get_payload(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """The payload alone, every number with the digits it was sent with. GET /v1/events/{id}/payload (events:read)"""
        return self._transport.send("GET", fill("events.get_payload", "/v1/events/{id}/payload", id=id), options=options)

    def retry(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> EventsRetryResult:
        """Match a failed event again with the subscriptions as they are now. POST /v1/events/{id}/retry (events:write)"""
        return self._transport.send("POST", fill("events.retry", "/v1/events/{id}/retry", id=id), idempotent=True, options=options)


class FirstRunResource(Resource):
    def get(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> FirstRun:
        """Whether this installation still waits for its first administrator. GET /v1/first-run (public)"""
        return self._transport.send("GET", "/v1/first-run", options=options)

    def complete(
        self,
        *,
        token: str,
        email: str,
        password: str,
        organization_name: str,
        full_name: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> FirstRunCompleteResult:
        """Make the first administrator with the link printed at the start. POST /v1/first-run (public)"""
        return self._transport.send("POST", "/v1/first-run", body=given(token=token, email=email, password=password, organization_name=organization_name, full_name=full_name), options=options)


class GatewayCallsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        status: Literal["running", "succeeded", "failed", "refused", "cancelled", "lost"] = NOT_GIVEN,
        model: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        api_key_id: str = NOT_GIVEN,
        trace_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[GatewayCall]:
        """Model calls, newest first: your own, or for administrators all. GET /v1/gateway-calls (gateway_calls:read)"""
        return self._pages("/v1/gateway-calls", given(limit=limit, cursor=cursor, status=status, model=model, project_id=project_id, user_id=user_id, api_key_id=api_key_id, trace_id=trace_id), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> GatewayCallDetail:
        """A model call, with its contents as far as they are kept. GET /v1/gateway-calls/{id} (gateway_calls:read)"""
        return self._transport.send("GET", fill("gateway_calls.get", "/v1/gateway-calls/{id}", id=id), options=options)


class GatewayPoliciesResource(Resource):
    def create(
        self,
        *,
        project_id: Optional[str] = NOT_GIVEN,
        content_capture: Optional[Literal["full", "redacted", "none"]] = NOT_GIVEN,
        output_tokens_cap: Optional[int] = NOT_GIVEN,
        allowed_models: Optional[Sequence[str]] = NOT_GIVEN,
        when_unreachable: Optional[Literal["refuse", "allow"]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> GatewayPolicy:
        """Say what holds for calls of the organization, or of a project instead. POST /v1/gateway-policies (gateway:write)"""
        return self._transport.send("POST", "/v1/gateway-policies", body=given(project_id=project_id, content_capture=content_capture, output_tokens_cap=output_tokens_cap, allowed_models=allowed_models, when_unreachable=when_unreachable), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[GatewayPolicy]:
        """Policies of the organization and its projects, newest first. GET /v1/gateway-policies (gateway:read)"""
        return self._pages("/v1/gateway-policies", given(limit=limit, cursor=cursor), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> GatewayPolicy:
        """A policy. GET /v1/gateway-policies/{id} (gateway:read)"""
        return self._transport.send("GET", fill("gateway_policies.get", "/v1/gateway-policies/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        content_capture: Optional[Literal["full", "redacted", "none"]] = NOT_GIVEN,
        output_tokens_cap: Optional[int] = NOT_GIVEN,
        allowed_models: Optional[Sequence[str]] = NOT_GIVEN,
        when_unreachable: Optional[Literal["refuse", "allow"]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> GatewayPolicy:
        """Change a policy; null takes its word back. PATCH /v1/gateway-policies/{id} (gateway:write)"""
        return self._transport.send("PATCH", fill("gateway_policies.update", "/v1/gateway-policies/{id}", id=id), body=given(content_capture=content_capture, output_tokens_cap=output_tokens_cap, allowed_models=allowed_models, when_unreachable=when_unreachable), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a policy. DELETE /v1/gateway-policies/{id} (gateway:write)"""
        return self._transport.send("DELETE", fill("gateway_policies.delete", "/v1/gateway-policies/{id}", id=id), idempotent=True, options=options)


class InvitationsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        open: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Invitation]:
        """Who was invited; with open=true those who have not answered yet. GET /v1/invitations (members:write)"""
        return self._pages("/v1/invitations", given(limit=limit, cursor=cursor, open=open), options)

    def create(
        self,
        *,
        email: str,
        role: Literal["owner", "admin", "member", "viewer"],
        options: Optional[CallOptions] = None,
    ) -> InvitationsCreateResult:
        """Invite an address; the link is shown this once, for you to hand over. POST /v1/invitations (members:write)"""
        return self._transport.send("POST", "/v1/invitations", body=given(email=email, role=role), options=options)

    def resend(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> InvitationsCreateResult:
        """Make a new link for an invitation; the old one stops working. POST /v1/invitations/{id}/resend (members:write)"""
        return self._transport.send("POST", fill("invitations.resend", "/v1/invitations/{id}/resend", id=id), options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Revoke an invitation. DELETE /v1/invitations/{id} (members:write)"""
        return self._transport.send("DELETE", fill("invitations.delete", "/v1/invitations/{id}", id=id), idempotent=True, options=options)

    def preview(
        self,
        *,
        token: str,
        options: Optional[CallOptions] = None,
    ) -> InvitationsPreviewResult:
        """What an invitation link is for. POST /v1/invitations/preview (public)"""
        return self._transport.send("POST", "/v1/invitations/preview", body=given(token=token), options=options)

    def accept(
        self,
        *,
        token: str,
        password: str = NOT_GIVEN,
        full_name: str = NOT_GIVEN,
        use_this_account: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> InvitationsAcceptResult:
        """Join with an invitation link: as the person signed in, else with a password. POST /v1/invitations/accept (public)"""
        return self._transport.send("POST", "/v1/invitations/accept", body=given(token=token, password=password, full_name=full_name, use_this_account=use_this_account), options=options)


class IssuesResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        repository_id: str = NOT_GIVEN,
        status: Literal["open", "resolved"] = NOT_GIVEN,
        severity: Literal["info", "minor", "major", "critical", "blocker"] = NOT_GIVEN,
        file_path: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Any]:
        """Issues of repositories, newest first. GET /v1/issues (analysis:read)"""
        return self._pages("/v1/issues", given(limit=limit, cursor=cursor, repository_id=repository_id, status=status, severity=severity, file_path=file_path), options)


class MeResource(Resource):
    def get(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Me:
        """Who you are, where you are, and what you may do there. GET /v1/me (user)"""
        return self._transport.send("GET", "/v1/me", options=options)

    def update(
        self,
        *,
        full_name: str = NOT_GIVEN,
        username: str = NOT_GIVEN,
        preferred_language: str = NOT_GIVEN,
        timezone: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> MeUpdateResult:
        """Change your account. PATCH /v1/me (user)"""
        return self._transport.send("PATCH", "/v1/me", body=given(full_name=full_name, username=username, preferred_language=preferred_language, timezone=timezone), options=options)

    def set_email(
        self,
        *,
        email: str,
        password: str,
        options: Optional[CallOptions] = None,
    ) -> MeUpdateResult:
        """Change your e-mail; your other sessions end. PUT /v1/me/email (user)"""
        return self._transport.send("PUT", "/v1/me/email", body=given(email=email, password=password), options=options)

    def set_password(
        self,
        *,
        current_password: str,
        new_password: str,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Change your password; your other sessions end. PUT /v1/me/password (user)"""
        return self._transport.send("PUT", "/v1/me/password", body=given(current_password=current_password, new_password=new_password), options=options)

    def get_preferences(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> MeGetPreferencesResult:
        """How the console looks to you: what you have chosen. GET /v1/me/preferences (user)"""
        return self._transport.send("GET", "/v1/me/preferences", options=options)

    def set_preferences(
        self,
        *,
        theme: Literal["system", "light", "dark"] = NOT_GIVEN,
        density: Literal["comfortable", "compact"] = NOT_GIVEN,
        times: Literal["local", "utc"] = NOT_GIVEN,
        page_rows: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> MeGetPreferencesResult:
        """Choose how the console looks; what is left out goes back to its default. PUT /v1/me/preferences (user)"""
        return self._transport.send("PUT", "/v1/me/preferences", body=given(theme=theme, density=density, times=times, page_rows=page_rows), options=options)

    def list_identities(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> MeListIdentitiesResult:
        """Your identities at other providers. GET /v1/me/identities (user)"""
        return self._transport.send("GET", "/v1/me/identities", options=options)

    def identities(
        self,
        *,
        token: str,
        options: Optional[CallOptions] = None,
    ) -> MeIdentitiesResult:
        """Link an identity: its tokens then act as you. POST /v1/me/identities (user)"""
        return self._transport.send("POST", "/v1/me/identities", body=given(token=token), options=options)

    def identities_unlink(
        self,
        *,
        issuer: str,
        subject: str,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Unlink an identity: its tokens open nothing of yours any more. POST /v1/me/identities/unlink (user)"""
        return self._transport.send("POST", "/v1/me/identities/unlink", body=given(issuer=issuer, subject=subject), options=options)


class MembersResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Member]:
        """Who belongs to the organization. GET /v1/members (members:read)"""
        return self._pages("/v1/members", given(limit=limit, cursor=cursor), options)

    def update(
        self,
        user_id: str,
        *,
        role: Literal["owner", "admin", "member", "viewer"],
        options: Optional[CallOptions] = None,
    ) -> Member:
        """Change the role of a member. PATCH /v1/members/{user_id} (members:write)"""
        return self._transport.send("PATCH", fill("members.update", "/v1/members/{user_id}", user_id=user_id), body=given(role=role), idempotent=True, options=options)

    def delete(
        self,
        user_id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Remove a member; their keys here stop. DELETE /v1/members/{user_id} (members:write)"""
        return self._transport.send("DELETE", fill("members.delete", "/v1/members/{user_id}", user_id=user_id), idempotent=True, options=options)

    def leave(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Leave the organization. POST /v1/members/leave (organization:read)"""
        return self._transport.send("POST", "/v1/members/leave", idempotent=True, options=options)


class ModelAliasesResource(Resource):
    def create(
        self,
        *,
        alias: str,
        targets: Sequence[ModelAliasesCreateInputTargetsItem],
        description: str = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> ModelAliase:
        """Name models of connections: weights share the calls, priorities are fall-backs. POST /v1/model-aliases (gateway:write)"""
        return self._transport.send("POST", "/v1/model-aliases", body=given(alias=alias, targets=targets, description=description, is_active=is_active), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[ModelAliase]:
        """Aliases and what is behind them, newest first. GET /v1/model-aliases (gateway:read)"""
        return self._pages("/v1/model-aliases", given(limit=limit, cursor=cursor), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> ModelAliase:
        """An alias and what is behind it. GET /v1/model-aliases/{id} (gateway:read)"""
        return self._transport.send("GET", fill("model_aliases.get", "/v1/model-aliases/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        alias: str = NOT_GIVEN,
        description: str = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        targets: Sequence[ModelAliasesCreateInputTargetsItem] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> ModelAliase:
        """Change an alias; targets are replaced as a whole. PATCH /v1/model-aliases/{id} (gateway:write)"""
        return self._transport.send("PATCH", fill("model_aliases.update", "/v1/model-aliases/{id}", id=id), body=given(alias=alias, description=description, is_active=is_active, targets=targets), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete an alias. DELETE /v1/model-aliases/{id} (gateway:write)"""
        return self._transport.send("DELETE", fill("model_aliases.delete", "/v1/model-aliases/{id}", id=id), idempotent=True, options=options)


class NotificationsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        unread: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Notification]:
        """Your notifications, unread ones first, the newest first. GET /v1/notifications (notifications:read)"""
        return self._pages("/v1/notifications", given(limit=limit, cursor=cursor, unread=unread), options)

    def get_unread_count(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> NotificationsGetUnreadCountResult:
        """How many of your notifications are unread. GET /v1/notifications/unread-count (notifications:read)"""
        return self._transport.send("GET", "/v1/notifications/unread-count", options=options)

    def read(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Mark a notification of yours as read. POST /v1/notifications/{id}/read (notifications:write)"""
        return self._transport.send("POST", fill("notifications.read", "/v1/notifications/{id}/read", id=id), idempotent=True, options=options)

    def read_all(
        self,
        *,
        until: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> NotificationsReadAllResult:
        """Mark all your notifications as read, or those up to one. POST /v1/notifications/read (notifications:write)"""
        return self._transport.send("POST", "/v1/notifications/read", body=given(until=until), idempotent=True, options=options)


class OrganizationResource(Resource):
    def get(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> OrganizationDetail:
        """The organization of this request. GET /v1/organization (organization:read)"""
        return self._transport.send("GET", "/v1/organization", options=options)

    def update(
        self,
        *,
        name: str = NOT_GIVEN,
        slug: str = NOT_GIVEN,
        settings: Mapping[str, Any] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> OrganizationDetail:
        """Change its name, slug or settings. PATCH /v1/organization (organization:write)"""
        return self._transport.send("PATCH", "/v1/organization", body=given(name=name, slug=slug, settings=settings), options=options)

    def delete(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete it; it can be recovered for 30 days. DELETE /v1/organization (organization:delete)"""
        return self._transport.send("DELETE", "/v1/organization", idempotent=True, options=options)


class OrganizationsResource(Resource):
    def list(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Organization:
        """The organizations you belong to. GET /v1/organizations (user)"""
        return self._transport.send("GET", "/v1/organizations", options=options)

    def create(
        self,
        *,
        name: str,
        slug: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> OrganizationsCreateResult:
        """Make an organization; you become its owner. POST /v1/organizations (user)"""
        return self._transport.send("POST", "/v1/organizations", body=given(name=name, slug=slug), options=options)

    def recover(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Take back the deletion of an organization you own. POST /v1/organizations/{id}/recover (user)"""
        return self._transport.send("POST", fill("organizations.recover", "/v1/organizations/{id}/recover", id=id), options=options)


class PriceOverridesResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        provider: str = NOT_GIVEN,
        model: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[PriceOverride]:
        """Your own prices of models, newest first. GET /v1/price-overrides (price_overrides:read)"""
        return self._pages("/v1/price-overrides", given(limit=limit, cursor=cursor, provider=provider, model=model), options)

    def create(
        self,
        *,
        provider: str,
        model: str,
        prices: PriceOverridesCreateInputPrices,
        valid_from: Optional[str] = NOT_GIVEN,
        valid_to: Optional[str] = NOT_GIVEN,
        note: Optional[str] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> PriceOverride:
        """Set prices of a model in place of the catalogue’s. POST /v1/price-overrides (price_overrides:write)"""
        return self._transport.send("POST", "/v1/price-overrides", body=given(provider=provider, model=model, prices=prices, valid_from=valid_from, valid_to=valid_to, note=note), idempotent=True, options=options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> PriceOverride:
        """One price override. GET /v1/price-overrides/{id} (price_overrides:read)"""
        return self._transport.send("GET", fill("price_overrides.get", "/v1/price-overrides/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        prices: PriceOverridesCreateInputPrices = NOT_GIVEN,
        valid_from: Optional[str] = NOT_GIVEN,
        valid_to: Optional[str] = NOT_GIVEN,
        note: Optional[str] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> PriceOverride:
        """Change prices, or when they hold. PATCH /v1/price-overrides/{id} (price_overrides:write)"""
        return self._transport.send("PATCH", fill("price_overrides.update", "/v1/price-overrides/{id}", id=id), body=given(prices=prices, valid_from=valid_from, valid_to=valid_to, note=note), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a price override: the catalogue’s prices hold again. DELETE /v1/price-overrides/{id} (price_overrides:write)"""
        return self._transport.send("DELETE", fill("price_overrides.delete", "/v1/price-overrides/{id}", id=id), idempotent=True, options=options)


class ProjectsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        status: Literal["planning", "active", "on_hold", "completed", "archived", "deleted"] = NOT_GIVEN,
        owner_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Project]:
        """Projects, newest first. GET /v1/projects (projects:read)"""
        return self._pages("/v1/projects", given(limit=limit, cursor=cursor, status=status, owner_id=owner_id), options)

    def create(
        self,
        *,
        name: str,
        slug: str = NOT_GIVEN,
        description: str = NOT_GIVEN,
        owner_id: Optional[str] = NOT_GIVEN,
        template_type: Optional[str] = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        goals: Sequence[str] = NOT_GIVEN,
        starts_on: Optional[str] = NOT_GIVEN,
        due_on: Optional[str] = NOT_GIVEN,
        git_repo_url: Optional[str] = NOT_GIVEN,
        status: Literal["planning", "active"] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Project:
        """Make a project. POST /v1/projects (projects:write)"""
        return self._transport.send("POST", "/v1/projects", body=given(name=name, slug=slug, description=description, owner_id=owner_id, template_type=template_type, priority=priority, goals=goals, starts_on=starts_on, due_on=due_on, git_repo_url=git_repo_url, status=status), idempotent=True, options=options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Project:
        """One project. GET /v1/projects/{id} (projects:read)"""
        return self._transport.send("GET", fill("projects.get", "/v1/projects/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        slug: str = NOT_GIVEN,
        description: str = NOT_GIVEN,
        owner_id: Optional[str] = NOT_GIVEN,
        template_type: Optional[str] = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        goals: Sequence[str] = NOT_GIVEN,
        starts_on: Optional[str] = NOT_GIVEN,
        due_on: Optional[str] = NOT_GIVEN,
        git_repo_url: Optional[str] = NOT_GIVEN,
        name: str = NOT_GIVEN,
        status: Literal["planning", "active", "on_hold", "completed", "archived"] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Project:
        """Change a project, or its state. PATCH /v1/projects/{id} (projects:write)"""
        return self._transport.send("PATCH", fill("projects.update", "/v1/projects/{id}", id=id), body=given(slug=slug, description=description, owner_id=owner_id, template_type=template_type, priority=priority, goals=goals, starts_on=starts_on, due_on=due_on, git_repo_url=git_repo_url, name=name, status=status), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a project; it can be restored for 30 days. DELETE /v1/projects/{id} (projects:write)"""
        return self._transport.send("DELETE", fill("projects.delete", "/v1/projects/{id}", id=id), idempotent=True, options=options)

    def archive(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Project:
        """Put a project away. POST /v1/projects/{id}/archive (projects:write)"""
        return self._transport.send("POST", fill("projects.archive", "/v1/projects/{id}/archive", id=id), idempotent=True, options=options)

    def restore(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Project:
        """Take back an archived or deleted project. POST /v1/projects/{id}/restore (projects:write)"""
        return self._transport.send("POST", fill("projects.restore", "/v1/projects/{id}/restore", id=id), idempotent=True, options=options)

    def list_repositories(
        self,
        id: str,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Repository]:
        """The repositories a project is about. GET /v1/projects/{id}/repositories (projects:read)"""
        return self._pages(fill("projects.list_repositories", "/v1/projects/{id}/repositories", id=id), given(limit=limit, cursor=cursor), options)

    def link_repository(
        self,
        id: str,
        repository_id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Link a repository to a project. PUT /v1/projects/{id}/repositories/{repository_id} (projects:write)"""
        return self._transport.send("PUT", fill("projects.link_repository", "/v1/projects/{id}/repositories/{repository_id}", id=id, repository_id=repository_id), idempotent=True, options=options)

    def unlink_repository(
        self,
        id: str,
        repository_id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Take the link away. DELETE /v1/projects/{id}/repositories/{repository_id} (projects:write)"""
        return self._transport.send("DELETE", fill("projects.unlink_repository", "/v1/projects/{id}/repositories/{repository_id}", id=id, repository_id=repository_id), idempotent=True, options=options)


class ProviderConnectionsResource(Resource):
    def create(
        self,
        *,
        name: str,
        provider: str,
        wire: Literal["openai", "anthropic"] = NOT_GIVEN,
        base_url: str = NOT_GIVEN,
        key: Optional[str] = NOT_GIVEN,
        headers: Optional[Mapping[str, str]] = NOT_GIVEN,
        models: Optional[Sequence[str]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> ProviderConnection:
        """Make a connection to a model provider, and test it; its key is never shown. POST /v1/provider-connections (gateway:write)"""
        return self._transport.send("POST", "/v1/provider-connections", body=given(name=name, provider=provider, wire=wire, base_url=base_url, key=key, headers=headers, models=models), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[ProviderConnection]:
        """Connections to model providers, newest first. GET /v1/provider-connections (gateway:read)"""
        return self._pages("/v1/provider-connections", given(limit=limit, cursor=cursor), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> ProviderConnection:
        """A connection to a model provider. GET /v1/provider-connections/{id} (gateway:read)"""
        return self._transport.send("GET", fill("provider_connections.get", "/v1/provider-connections/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        name: str = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        base_url: str = NOT_GIVEN,
        key: Optional[str] = NOT_GIVEN,
        headers: Optional[Mapping[str, str]] = NOT_GIVEN,
        models: Optional[Sequence[str]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> ProviderConnection:
        """Change a connection; where its address or key changes it is tested again. PATCH /v1/provider-connections/{id} (gateway:write)"""
        return self._transport.send("PATCH", fill("provider_connections.update", "/v1/provider-connections/{id}", id=id), body=given(name=name, is_active=is_active, base_url=base_url, key=key, headers=headers, models=models), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a connection that no alias names. DELETE /v1/provider-connections/{id} (gateway:write)"""
        return self._transport.send("DELETE", fill("provider_connections.delete", "/v1/provider-connections/{id}", id=id), idempotent=True, options=options)

    def test(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> ProviderConnection:
        """Ask the provider for its models, and write down what came of it. POST /v1/provider-connections/{id}/test (gateway:write)"""
        return self._transport.send("POST", fill("provider_connections.test", "/v1/provider-connections/{id}/test", id=id), options=options)


class RateLimitsResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[RateLimit]:
        """Limits of requests and tokens a minute, newest first. GET /v1/rate-limits (budgets:read)"""
        return self._pages("/v1/rate-limits", given(limit=limit, cursor=cursor), options)

    def create(
        self,
        *,
        scope: Literal["organization", "project", "user", "agent", "api_key"],
        project_id: str = NOT_GIVEN,
        user_id: str = NOT_GIVEN,
        agent_id: str = NOT_GIVEN,
        api_key_id: str = NOT_GIVEN,
        requests_per_minute: Optional[int] = NOT_GIVEN,
        tokens_per_minute: Optional[int] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> RateLimit:
        """Limit requests and tokens a minute: one limit for each target. POST /v1/rate-limits (budgets:write)"""
        return self._transport.send("POST", "/v1/rate-limits", body=given(scope=scope, project_id=project_id, user_id=user_id, agent_id=agent_id, api_key_id=api_key_id, requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute, is_active=is_active), idempotent=True, options=options)

    def update(
        self,
        id: str,
        *,
        requests_per_minute: Optional[int] = NOT_GIVEN,
        tokens_per_minute: Optional[int] = NOT_GIVEN,
        is_active: bool = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> RateLimit:
        """Change a limit of requests and tokens a minute. PATCH /v1/rate-limits/{id} (budgets:write)"""
        return self._transport.send("PATCH", fill("rate_limits.update", "/v1/rate-limits/{id}", id=id), body=given(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute, is_active=is_active), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Remove a limit of requests and tokens a minute. DELETE /v1/rate-limits/{id} (budgets:write)"""
        return self._transport.send("DELETE", fill("rate_limits.delete", "/v1/rate-limits/{id}", id=id), idempotent=True, options=options)


class RepositoriesResource(Resource):
    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Repository]:
        """Repositories, newest first. GET /v1/repositories (repositories:read)"""
        return self._pages("/v1/repositories", given(limit=limit, cursor=cursor), options)

    def create(
        self,
        *,
        full_name: str,
        name: str = NOT_GIVEN,
        provider: Literal["github", "gitlab", "bitbucket", "local"] = NOT_GIVEN,
        url: Optional[str] = NOT_GIVEN,
        default_branch: str = NOT_GIVEN,
        languages: Sequence[str] = NOT_GIVEN,
        analysis_config: Mapping[str, Any] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Repository:
        """Add a repository. POST /v1/repositories (repositories:write)"""
        return self._transport.send("POST", "/v1/repositories", body=given(full_name=full_name, name=name, provider=provider, url=url, default_branch=default_branch, languages=languages, analysis_config=analysis_config), idempotent=True, options=options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Repository:
        """One repository. GET /v1/repositories/{id} (repositories:read)"""
        return self._transport.send("GET", fill("repositories.get", "/v1/repositories/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        name: str = NOT_GIVEN,
        provider: Literal["github", "gitlab", "bitbucket", "local"] = NOT_GIVEN,
        url: Optional[str] = NOT_GIVEN,
        default_branch: str = NOT_GIVEN,
        languages: Sequence[str] = NOT_GIVEN,
        analysis_config: Mapping[str, Any] = NOT_GIVEN,
        full_name: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Repository:
        """Change a repository. PATCH /v1/repositories/{id} (repositories:write)"""
        return self._transport.send("PATCH", fill("repositories.update", "/v1/repositories/{id}", id=id), body=given(name=name, provider=provider, url=url, default_branch=default_branch, languages=languages, analysis_config=analysis_config, full_name=full_name), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Remove a repository and its links. DELETE /v1/repositories/{id} (repositories:write)"""
        return self._transport.send("DELETE", fill("repositories.delete", "/v1/repositories/{id}", id=id), idempotent=True, options=options)


class SchedulesResource(Resource):
    def create(
        self,
        *,
        name: str,
        cron: str,
        description: str = NOT_GIVEN,
        timezone: str = NOT_GIVEN,
        definition: str = NOT_GIVEN,
        definition_version: int = NOT_GIVEN,
        task_type: str = NOT_GIVEN,
        payload: Any = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        catch_up: Literal["skip", "last", "all"] = NOT_GIVEN,
        catch_up_max: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Schedule:
        """Enqueue a task again and again, as a cron expression says. POST /v1/schedules (schedules:write)"""
        return self._transport.send("POST", "/v1/schedules", body=given(name=name, cron=cron, description=description, timezone=timezone, definition=definition, definition_version=definition_version, task_type=task_type, payload=payload, priority=priority, catch_up=catch_up, catch_up_max=catch_up_max), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Schedule]:
        """Schedules, newest first. GET /v1/schedules (tasks:read)"""
        return self._pages("/v1/schedules", given(limit=limit, cursor=cursor), options)

    def preview(
        self,
        *,
        cron: str,
        timezone: str = NOT_GIVEN,
        count: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> SchedulesPreviewResult:
        """What a cron expression says, and when it would fire next. POST /v1/schedules/preview (tasks:read)"""
        return self._transport.send("POST", "/v1/schedules/preview", body=given(cron=cron, timezone=timezone, count=count), options=options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Schedule:
        """A schedule. GET /v1/schedules/{id} (tasks:read)"""
        return self._transport.send("GET", fill("schedules.get", "/v1/schedules/{id}", id=id), options=options)

    def update(
        self,
        id: str,
        *,
        name: str = NOT_GIVEN,
        cron: str = NOT_GIVEN,
        description: str = NOT_GIVEN,
        timezone: str = NOT_GIVEN,
        definition: str = NOT_GIVEN,
        definition_version: int = NOT_GIVEN,
        task_type: str = NOT_GIVEN,
        payload: Any = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        catch_up: Literal["skip", "last", "all"] = NOT_GIVEN,
        catch_up_max: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Schedule:
        """Change a schedule. PATCH /v1/schedules/{id} (schedules:write)"""
        return self._transport.send("PATCH", fill("schedules.update", "/v1/schedules/{id}", id=id), body=given(name=name, cron=cron, description=description, timezone=timezone, definition=definition, definition_version=definition_version, task_type=task_type, payload=payload, priority=priority, catch_up=catch_up, catch_up_max=catch_up_max), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a schedule; its tasks stay. DELETE /v1/schedules/{id} (schedules:write)"""
        return self._transport.send("DELETE", fill("schedules.delete", "/v1/schedules/{id}", id=id), idempotent=True, options=options)

    def list_next(
        self,
        id: str,
        *,
        count: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> SchedulesListNextResult:
        """When a schedule fires next; also one that is paused, if it were resumed now. GET /v1/schedules/{id}/next (tasks:read)"""
        return self._transport.send("GET", fill("schedules.list_next", "/v1/schedules/{id}/next", id=id), query=given(count=count), options=options)

    def list_firings(
        self,
        id: str,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[SchedulesListFiringsResult]:
        """What a schedule has led to, newest first. GET /v1/schedules/{id}/firings (tasks:read)"""
        return self._pages(fill("schedules.list_firings", "/v1/schedules/{id}/firings", id=id), given(limit=limit, cursor=cursor), options)

    def pause(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Schedule:
        """Pause a schedule. POST /v1/schedules/{id}/pause (schedules:write)"""
        return self._transport.send("POST", fill("schedules.pause", "/v1/schedules/{id}/pause", id=id), idempotent=True, options=options)

    def resume(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Schedule:
        """Resume a schedule, from now on. POST /v1/schedules/{id}/resume (schedules:write)"""
        return self._transport.send("POST", fill("schedules.resume", "/v1/schedules/{id}/resume", id=id), idempotent=True, options=options)

    def run(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> SchedulesRunResult:
        """Enqueue the task of a schedule now, beside its ticks. POST /v1/schedules/{id}/run (schedules:write)"""
        return self._transport.send("POST", fill("schedules.run", "/v1/schedules/{id}/run", id=id), idempotent=True, options=options)


class SessionsResource(Resource):
    def list(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Session:
        """Where you are signed in. GET /v1/sessions (user)"""
        return self._transport.send("GET", "/v1/sessions", options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """End one of your sessions. DELETE /v1/sessions/{id} (user)"""
        return self._transport.send("DELETE", fill("sessions.delete", "/v1/sessions/{id}", id=id), options=options)


class TaskDefinitionsResource(Resource):
    def set(
        self,
        name: str,
        *,
        task_type: str,
        description: str = NOT_GIVEN,
        is_external: bool = NOT_GIVEN,
        parameter_schema: Mapping[str, Any] = NOT_GIVEN,
        default_configuration: Mapping[str, Any] = NOT_GIVEN,
        cpu_cores: float = NOT_GIVEN,
        memory_mb: int = NOT_GIVEN,
        disk_mb: int = NOT_GIVEN,
        timeout_seconds: int = NOT_GIVEN,
        max_retries: int = NOT_GIVEN,
        retry_delay_seconds: float = NOT_GIVEN,
        retry_backoff_multiplier: float = NOT_GIVEN,
        retry_delay_max_seconds: float = NOT_GIVEN,
        retry_jitter: float = NOT_GIVEN,
        non_retryable_codes: Sequence[str] = NOT_GIVEN,
        concurrency_key: str = NOT_GIVEN,
        concurrency_limit: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskDefinition:
        """Make a task definition, or its next version; the same contents change nothing. PUT /v1/task-definitions/{name} (task_definitions:write)"""
        return self._transport.send("PUT", fill("task_definitions.set", "/v1/task-definitions/{name}", name=name), body=given(task_type=task_type, description=description, is_external=is_external, parameter_schema=parameter_schema, default_configuration=default_configuration, cpu_cores=cpu_cores, memory_mb=memory_mb, disk_mb=disk_mb, timeout_seconds=timeout_seconds, max_retries=max_retries, retry_delay_seconds=retry_delay_seconds, retry_backoff_multiplier=retry_backoff_multiplier, retry_delay_max_seconds=retry_delay_max_seconds, retry_jitter=retry_jitter, non_retryable_codes=non_retryable_codes, concurrency_key=concurrency_key, concurrency_limit=concurrency_limit), idempotent=True, options=options)

    def get(
        self,
        name: str,
        *,
        version: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskDefinition:
        """A task definition: the newest active version, or the one asked for. GET /v1/task-definitions/{name} (tasks:read)"""
        return self._transport.send("GET", fill("task_definitions.get", "/v1/task-definitions/{name}", name=name), query=given(version=version), options=options)

    def delete(
        self,
        name: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a task definition; the tasks it made go on. DELETE /v1/task-definitions/{name} (task_definitions:write)"""
        return self._transport.send("DELETE", fill("task_definitions.delete", "/v1/task-definitions/{name}", name=name), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[TaskDefinition]:
        """Task definitions, each in its newest version. GET /v1/task-definitions (tasks:read)"""
        return self._pages("/v1/task-definitions", given(limit=limit, cursor=cursor), options)

    def list_versions(
        self,
        name: str,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[TaskDefinition]:
        """Versions of a task definition, newest first. GET /v1/task-definitions/{name}/versions (tasks:read)"""
        return self._pages(fill("task_definitions.list_versions", "/v1/task-definitions/{name}/versions", name=name), given(limit=limit, cursor=cursor), options)

    def update_versions(
        self,
        name: str,
        version: str,
        *,
        is_active: bool,
        options: Optional[CallOptions] = None,
    ) -> TaskDefinition:
        """Let a version be enqueued, or no more. PATCH /v1/task-definitions/{name}/versions/{version} (task_definitions:write)"""
        return self._transport.send("PATCH", fill("task_definitions.update_versions", "/v1/task-definitions/{name}/versions/{version}", name=name, version=version), body=given(is_active=is_active), idempotent=True, options=options)

    def tasks(
        self,
        name: str,
        *,
        version: int = NOT_GIVEN,
        payload: Any = NOT_GIVEN,
        title: str = NOT_GIVEN,
        description: str = NOT_GIVEN,
        metadata: Mapping[str, Any] = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        scheduled_at: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        repository_id: str = NOT_GIVEN,
        parent_task_id: str = NOT_GIVEN,
        idempotency_key: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskDefinitionsTasksResult:
        """Enqueue a task by its definition. POST /v1/task-definitions/{name}/tasks (tasks:write)"""
        return self._transport.send("POST", fill("task_definitions.tasks", "/v1/task-definitions/{name}/tasks", name=name), body=given(version=version, payload=payload, title=title, description=description, metadata=metadata, priority=priority, scheduled_at=scheduled_at, project_id=project_id, repository_id=repository_id, parent_task_id=parent_task_id, idempotency_key=idempotency_key), idempotent=True, options=options)


class TaskLimitsResource(Resource):
    def set(
        self,
        key: str,
        *,
        concurrency_limit: int = NOT_GIVEN,
        rate_limit: int = NOT_GIVEN,
        rate_seconds: float = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskLimit:
        """Limit how many tasks with a concurrency key run at once, or in a time. PUT /v1/task-limits/{key} (task_limits:write)"""
        return self._transport.send("PUT", fill("task_limits.set", "/v1/task-limits/{key}", key=key), body=given(concurrency_limit=concurrency_limit, rate_limit=rate_limit, rate_seconds=rate_seconds), idempotent=True, options=options)

    def get(
        self,
        key: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TaskLimitDetail:
        """The limits of a concurrency key, and how much of them is in use. GET /v1/task-limits/{key} (tasks:read)"""
        return self._transport.send("GET", fill("task_limits.get", "/v1/task-limits/{key}", key=key), options=options)

    def delete(
        self,
        key: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Remove the limits of a concurrency key; its tasks go by their own. DELETE /v1/task-limits/{key} (task_limits:write)"""
        return self._transport.send("DELETE", fill("task_limits.delete", "/v1/task-limits/{key}", key=key), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[TaskLimit]:
        """Limits of concurrency keys, newest first. GET /v1/task-limits (tasks:read)"""
        return self._pages("/v1/task-limits", given(limit=limit, cursor=cursor), options)


class TaskStatisticsResource(Resource):
    def get(
        self,
        *,
        since: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskStatistic:
        """Throughput, wait, run and failure of each type of task, and of agents; of the newest 100,000 tasks since a time. GET /v1/task-statistics (tasks:read)"""
        return self._transport.send("GET", "/v1/task-statistics", query=given(since=since), options=options)

    def list_intervals(
        self,
        *,
        since: str = NOT_GIVEN,
        task_type: str = NOT_GIVEN,
        intervals: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskStatisticsListIntervalsResult:
        """The same figures for equal intervals of the time, by when tasks ended; empty intervals are left out. GET /v1/task-statistics/intervals (tasks:read)"""
        return self._transport.send("GET", "/v1/task-statistics/intervals", query=given(since=since, task_type=task_type, intervals=intervals), options=options)


class TaskTypesResource(Resource):
    def list(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> TaskType:
        """The task types this program can run, and those of definitions that workers outside run. GET /v1/task-types (tasks:read)"""
        return self._transport.send("GET", "/v1/task-types", options=options)


class TaskWorkersResource(Resource):
    def list(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> TaskWorker:
        """Types of tasks and how many workers serve each, those outside included; no_worker: tasks wait and nobody does. GET /v1/task-workers (tasks:read)"""
        return self._transport.send("GET", "/v1/task-workers", options=options)

    def create(
        self,
        *,
        task_types: Sequence[str],
        name: str = NOT_GIVEN,
        lease_seconds: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersCreateResult:
        """Register a worker outside the server, with the task types it runs. POST /v1/task-workers (tasks:work)"""
        return self._transport.send("POST", "/v1/task-workers", body=given(task_types=task_types, name=name, lease_seconds=lease_seconds), idempotent=True, options=options)

    def delete(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Take a worker off; what it holds goes back. DELETE /v1/task-workers/{id} (tasks:work)"""
        return self._transport.send("DELETE", fill("task_workers.delete", "/v1/task-workers/{id}", id=id), options=options)

    def claim(
        self,
        id: str,
        *,
        task_types: Sequence[str] = NOT_GIVEN,
        max: int = NOT_GIVEN,
        wait_seconds: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersClaimResult:
        """Claim tasks for a worker; with wait_seconds the answer waits for the first. POST /v1/task-workers/{id}/claim (tasks:work)"""
        return self._transport.send("POST", fill("task_workers.claim", "/v1/task-workers/{id}/claim", id=id), body=given(task_types=task_types, max=max, wait_seconds=wait_seconds), options=options)

    def heartbeat(
        self,
        id: str,
        *,
        lease_ids: Sequence[str],
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersHeartbeatResult:
        """Extend leases; says which tasks to stop. POST /v1/task-workers/{id}/heartbeat (tasks:work)"""
        return self._transport.send("POST", fill("task_workers.heartbeat", "/v1/task-workers/{id}/heartbeat", id=id), body=given(lease_ids=lease_ids), options=options)

    def logs(
        self,
        id: str,
        *,
        tasks: Sequence[TaskWorkersLogsInputTasksItem],
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersLogsResult:
        """Log lines and progress of tasks the worker holds; 500 lines a call. POST /v1/task-workers/{id}/logs (tasks:work)"""
        return self._transport.send("POST", fill("task_workers.logs", "/v1/task-workers/{id}/logs", id=id), body=given(tasks=tasks), options=options)

    def complete(
        self,
        id: str,
        *,
        tasks: Sequence[TaskWorkersCompleteInputTasksItem],
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersLogsResult:
        """Record results of tasks; each has at most 1 MB, unless the installation says otherwise. POST /v1/task-workers/{id}/complete (tasks:work)"""
        return self._transport.send("POST", fill("task_workers.complete", "/v1/task-workers/{id}/complete", id=id), body=given(tasks=tasks), options=options)

    def fail(
        self,
        id: str,
        *,
        tasks: Sequence[TaskWorkersFailInputTasksItem],
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersLogsResult:
        """Record failures of tasks, and whether and when they are tried again. POST /v1/task-workers/{id}/fail (tasks:work)"""
        return self._transport.send("POST", fill("task_workers.fail", "/v1/task-workers/{id}/fail", id=id), body=given(tasks=tasks), options=options)

    def release(
        self,
        id: str,
        *,
        lease_ids: Sequence[str],
        options: Optional[CallOptions] = None,
    ) -> TaskWorkersLogsResult:
        """Return tasks the worker will not finish; no attempt is spent. POST /v1/task-workers/{id}/release (tasks:work)"""
        return self._transport.send("POST", fill("task_workers.release", "/v1/task-workers/{id}/release", id=id), body=given(lease_ids=lease_ids), options=options)


class TasksResource(Resource):
    def cancel_many(
        self,
        *,
        filter: TasksCancelManyInputFilter,
        reason: str = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TasksCancelManyResult:
        """Cancel tasks that have not ended, by a filter, with their subtasks. POST /v1/tasks/cancel (tasks:write)"""
        return self._transport.send("POST", "/v1/tasks/cancel", body=given(filter=filter, reason=reason, limit=limit, cursor=cursor), idempotent=True, options=options)

    def retry_many(
        self,
        *,
        filter: TasksCancelManyInputFilter,
        reason: str = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TasksCancelManyResult:
        """Run failed or cancelled tasks again, by a filter: the dead letters. POST /v1/tasks/retry (tasks:write)"""
        return self._transport.send("POST", "/v1/tasks/retry", body=given(filter=filter, reason=reason, limit=limit, cursor=cursor), idempotent=True, options=options)

    def pause_many(
        self,
        *,
        filter: TasksCancelManyInputFilter,
        reason: str = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TasksCancelManyResult:
        """Pause tasks that have not ended, by a filter. POST /v1/tasks/pause (tasks:write)"""
        return self._transport.send("POST", "/v1/tasks/pause", body=given(filter=filter, reason=reason, limit=limit, cursor=cursor), idempotent=True, options=options)

    def resume_many(
        self,
        *,
        filter: TasksCancelManyInputFilter,
        reason: str = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TasksCancelManyResult:
        """Let paused tasks go on, by a filter. POST /v1/tasks/resume (tasks:write)"""
        return self._transport.send("POST", "/v1/tasks/resume", body=given(filter=filter, reason=reason, limit=limit, cursor=cursor), idempotent=True, options=options)

    def pause(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TasksPauseResult:
        """Pause a task that has not ended. POST /v1/tasks/{id}/pause (tasks:write)"""
        return self._transport.send("POST", fill("tasks.pause", "/v1/tasks/{id}/pause", id=id), idempotent=True, options=options)

    def resume(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TasksPauseResult:
        """Let a paused task go on. POST /v1/tasks/{id}/resume (tasks:write)"""
        return self._transport.send("POST", fill("tasks.resume", "/v1/tasks/{id}/resume", id=id), idempotent=True, options=options)

    def enqueue_many(
        self,
        *,
        tasks: Sequence[TasksEnqueueManyInputTasksItem],
        options: Optional[CallOptions] = None,
    ) -> TasksEnqueueManyResult:
        """Enqueue tasks together; they may wait for each other. POST /v1/tasks/bulk (tasks:write)"""
        return self._transport.send("POST", "/v1/tasks/bulk", body=given(tasks=tasks), idempotent=True, options=options)

    def get_dependencies(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TasksGetDependenciesResult:
        """What a task waits for, and what waits for it (1000 of each). GET /v1/tasks/{id}/dependencies (tasks:read)"""
        return self._transport.send("GET", fill("tasks.get_dependencies", "/v1/tasks/{id}/dependencies", id=id), options=options)

    def dependencies(
        self,
        id: str,
        *,
        depends_on: Sequence[Union[str, TasksEnqueueManyInputTasksItemDependsOnItem]],
        options: Optional[CallOptions] = None,
    ) -> TasksDependenciesResult:
        """Let a task that has not started wait for others as well. POST /v1/tasks/{id}/dependencies (tasks:write)"""
        return self._transport.send("POST", fill("tasks.dependencies", "/v1/tasks/{id}/dependencies", id=id), body=given(depends_on=depends_on), idempotent=True, options=options)

    def delete_dependencies(
        self,
        id: str,
        dependency: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TasksDependenciesResult:
        """Let a task wait for another no longer. DELETE /v1/tasks/{id}/dependencies/{dependency} (tasks:write)"""
        return self._transport.send("DELETE", fill("tasks.delete_dependencies", "/v1/tasks/{id}/dependencies/{dependency}", id=id, dependency=dependency), idempotent=True, options=options)

    def enqueue(
        self,
        *,
        task_type: str = NOT_GIVEN,
        definition: str = NOT_GIVEN,
        definition_version: int = NOT_GIVEN,
        title: str = NOT_GIVEN,
        description: str = NOT_GIVEN,
        payload: Any = NOT_GIVEN,
        metadata: Mapping[str, Any] = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        scheduled_at: str = NOT_GIVEN,
        max_attempts: int = NOT_GIVEN,
        timeout_seconds: int = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        repository_id: str = NOT_GIVEN,
        parent_task_id: str = NOT_GIVEN,
        idempotency_key: str = NOT_GIVEN,
        concurrency_key: str = NOT_GIVEN,
        concurrency_limit: int = NOT_GIVEN,
        on_dependency_failure: Literal["cancel", "fail", "run"] = NOT_GIVEN,
        depends_on: Sequence[Union[str, TasksEnqueueManyInputTasksItemDependsOnItem]] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TaskDefinitionsTasksResult:
        """Enqueue a task, by its type or its definition. POST /v1/tasks (tasks:write)"""
        return self._transport.send("POST", "/v1/tasks", body=given(task_type=task_type, definition=definition, definition_version=definition_version, title=title, description=description, payload=payload, metadata=metadata, priority=priority, scheduled_at=scheduled_at, max_attempts=max_attempts, timeout_seconds=timeout_seconds, project_id=project_id, repository_id=repository_id, parent_task_id=parent_task_id, idempotency_key=idempotency_key, concurrency_key=concurrency_key, concurrency_limit=concurrency_limit, on_dependency_failure=on_dependency_failure, depends_on=depends_on), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        status: Literal["blocked", "pending", "running", "retrying", "paused", "completed", "failed", "cancelled"] = NOT_GIVEN,
        task_type: str = NOT_GIVEN,
        repository_id: str = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[Task]:
        """Tasks, newest first. GET /v1/tasks (tasks:read)"""
        return self._pages("/v1/tasks", given(limit=limit, cursor=cursor, status=status, task_type=task_type, repository_id=repository_id, project_id=project_id), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TaskDetail:
        """A task with the attempts that failed. GET /v1/tasks/{id} (tasks:read)"""
        return self._transport.send("GET", fill("tasks.get", "/v1/tasks/{id}", id=id), options=options)

    def cancel(
        self,
        id: str,
        *,
        reason: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> TasksPauseResult:
        """Cancel a task that has not ended. POST /v1/tasks/{id}/cancel (tasks:write)"""
        return self._transport.send("POST", fill("tasks.cancel", "/v1/tasks/{id}/cancel", id=id), body=given(reason=reason), idempotent=True, options=options)

    def retry(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TasksPauseResult:
        """Run a failed or cancelled task again. POST /v1/tasks/{id}/retry (tasks:write)"""
        return self._transport.send("POST", fill("tasks.retry", "/v1/tasks/{id}/retry", id=id), idempotent=True, options=options)

    def list_logs(
        self,
        id: str,
        *,
        cursor: str = NOT_GIVEN,
        limit: int = NOT_GIVEN,
        attempt: int = NOT_GIVEN,
        level: Literal["debug", "info", "warn", "error"] = NOT_GIVEN,
        wait_seconds: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[TasksListLogsResult]:
        """Log lines of a task, oldest first; with wait_seconds the answer waits for the next ones. GET /v1/tasks/{id}/logs (tasks:read)"""
        return self._pages(fill("tasks.list_logs", "/v1/tasks/{id}/logs", id=id), given(cursor=cursor, limit=limit, attempt=attempt, level=level, wait_seconds=wait_seconds), options)

    def list_resource_usage(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> TasksListResourceUsageResult:
        """What the attempts of a task took of the machine, newest first; empty where nothing was measured. GET /v1/tasks/{id}/resource-usage (tasks:read)"""
        return self._transport.send("GET", fill("tasks.list_resource_usage", "/v1/tasks/{id}/resource-usage", id=id), options=options)


class UsersResource(Resource):
    def activate(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Switch an account on again. POST /v1/users/{id}/activate (user)"""
        return self._transport.send("POST", fill("users.activate", "/v1/users/{id}/activate", id=id), options=options)

    def deactivate(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Switch an account off: its sessions and keys end at once. POST /v1/users/{id}/deactivate (user)"""
        return self._transport.send("POST", fill("users.deactivate", "/v1/users/{id}/deactivate", id=id), options=options)


class WorkflowEventsResource(Resource):
    def create(
        self,
        *,
        name: str,
        payload: Mapping[str, Any] = NOT_GIVEN,
        correlation_key: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> WorkflowEventsCreateResult:
        """Send an event to the runs with a correlation key, or to those that wait for it. POST /v1/workflow-events (workflow_runs:write)"""
        return self._transport.send("POST", "/v1/workflow-events", body=given(name=name, payload=payload, correlation_key=correlation_key), idempotent=True, options=options)


class WorkflowRunsResource(Resource):
    def create(
        self,
        *,
        workflow: str,
        version: int = NOT_GIVEN,
        input: Any = NOT_GIVEN,
        idempotency_key: str = NOT_GIVEN,
        correlation_key: str = NOT_GIVEN,
        scheduled_at: str = NOT_GIVEN,
        priority: int = NOT_GIVEN,
        project_id: str = NOT_GIVEN,
        concurrency_key: str = NOT_GIVEN,
        concurrency_limit: int = NOT_GIVEN,
        time_max_seconds: int = NOT_GIVEN,
        cost_max: float = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> WorkflowRunsCreateResult:
        """Start a run of a workflow. POST /v1/workflow-runs (workflow_runs:write)"""
        return self._transport.send("POST", "/v1/workflow-runs", body=given(workflow=workflow, version=version, input=input, idempotency_key=idempotency_key, correlation_key=correlation_key, scheduled_at=scheduled_at, priority=priority, project_id=project_id, concurrency_key=concurrency_key, concurrency_limit=concurrency_limit, time_max_seconds=time_max_seconds, cost_max=cost_max), idempotent=True, options=options)

    def list(
        self,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        workflow: str = NOT_GIVEN,
        status: Literal["pending", "running", "waiting", "retrying", "paused", "blocked", "completed", "failed", "cancelled"] = NOT_GIVEN,
        correlation_key: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[WorkflowRun]:
        """Runs, newest first. GET /v1/workflow-runs (workflow_runs:read)"""
        return self._pages("/v1/workflow-runs", given(limit=limit, cursor=cursor, workflow=workflow, status=status, correlation_key=correlation_key), options)

    def get(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> WorkflowRunDetail:
        """A run with its steps. GET /v1/workflow-runs/{id} (workflow_runs:read)"""
        return self._transport.send("GET", fill("workflow_runs.get", "/v1/workflow-runs/{id}", id=id), options=options)

    def get_definition(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> WorkflowDetail:
        """The version that a run of a workflow that is data began with, deleted since or not. GET /v1/workflow-runs/{id}/definition (workflow_runs:read)"""
        return self._transport.send("GET", fill("workflow_runs.get_definition", "/v1/workflow-runs/{id}/definition", id=id), options=options)

    def cancel(
        self,
        id: str,
        *,
        reason: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> WorkflowRunsCancelResult:
        """Cancel a run and what it has begun. POST /v1/workflow-runs/{id}/cancel (workflow_runs:write)"""
        return self._transport.send("POST", fill("workflow_runs.cancel", "/v1/workflow-runs/{id}/cancel", id=id), body=given(reason=reason), idempotent=True, options=options)

    def retry(
        self,
        id: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> WorkflowRunsCancelResult:
        """Go on with a failed or cancelled run from the steps that failed. POST /v1/workflow-runs/{id}/retry (workflow_runs:write)"""
        return self._transport.send("POST", fill("workflow_runs.retry", "/v1/workflow-runs/{id}/retry", id=id), idempotent=True, options=options)

    def events(
        self,
        id: str,
        *,
        name: str,
        payload: Mapping[str, Any] = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> WorkflowRunsEventsResult:
        """Send an event to a run; it is kept until the run waits for it. POST /v1/workflow-runs/{id}/events (workflow_runs:write)"""
        return self._transport.send("POST", fill("workflow_runs.events", "/v1/workflow-runs/{id}/events", id=id), body=given(name=name, payload=payload), idempotent=True, options=options)


class WorkflowsResource(Resource):
    def list(
        self,
        *,
        options: Optional[CallOptions] = None,
    ) -> Workflow:
        """Workflows by name: those of the code with each version, those that are data with the newest. GET /v1/workflows (workflow_runs:read)"""
        return self._transport.send("GET", "/v1/workflows", options=options)

    def set(
        self,
        name: str,
        body: WorkflowsSetInput,
        *,
        options: Optional[CallOptions] = None,
    ) -> WorkflowDetail:
        """Make a workflow, or its next version; runs keep theirs. PUT /v1/workflows/{name} (workflows:write)"""
        return self._transport.send("PUT", fill("workflows.set", "/v1/workflows/{name}", name=name), body=body, idempotent=True, options=options)

    def get(
        self,
        name: str,
        *,
        version: int = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> WorkflowDetail:
        """A workflow that is data: a version, or the newest that is active. GET /v1/workflows/{name} (workflow_runs:read)"""
        return self._transport.send("GET", fill("workflows.get", "/v1/workflows/{name}", name=name), query=given(version=version), options=options)

    def delete(
        self,
        name: str,
        *,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Delete a workflow that is data; its runs go on. DELETE /v1/workflows/{name} (workflows:write)"""
        return self._transport.send("DELETE", fill("workflows.delete", "/v1/workflows/{name}", name=name), idempotent=True, options=options)

    def list_versions(
        self,
        name: str,
        *,
        limit: int = NOT_GIVEN,
        cursor: str = NOT_GIVEN,
        options: Optional[CallOptions] = None,
    ) -> Page[WorkflowsListVersionsResult]:
        """Versions of a workflow that is data, newest first. GET /v1/workflows/{name}/versions (workflow_runs:read)"""
        return self._pages(fill("workflows.list_versions", "/v1/workflows/{name}/versions", name=name), given(limit=limit, cursor=cursor), options)

    def update_versions(
        self,
        name: str,
        version: str,
        *,
        is_active: bool,
        options: Optional[CallOptions] = None,
    ) -> WorkflowDetail:
        """Let a version be started, or no more. PATCH /v1/workflows/{name}/versions/{version} (workflows:write)"""
        return self._transport.send("PATCH", fill("workflows.update_versions", "/v1/workflows/{name}/versions/{version}", name=name, version=version), body=given(is_active=is_active), idempotent=True, options=options)


class Resources:
    """Every operation below /v1 as client.<resource>.<operation>."""

    def __init__(self, transport: Any) -> None:
        self.activity = ActivityResource(transport)
        self.analysis_runs = AnalysisRunsResource(transport)
        self.api_keys = ApiKeysResource(transport)
        self.approvals = ApprovalsResource(transport)
        self.audit = AuditResource(transport)
        self.auth = AuthResource(transport)
        self.budgets = BudgetsResource(transport)
        self.costs = CostsResource(transport)
        self.event_deliveries = EventDeliveriesResource(transport)
        self.event_delivery_statistics = EventDeliveryStatisticsResource(transport)
        self.event_endpoints = EventEndpointsResource(transport)
        self.event_portal = EventPortalResource(transport)
        self.event_portal_links = EventPortalLinksResource(transport)
        self.event_retention = EventRetentionResource(transport)
        self.event_sources = EventSourcesResource(transport)
        self.event_statistics = EventStatisticsResource(transport)
        self.event_subscriptions = EventSubscriptionsResource(transport)
        self.event_types = EventTypesResource(transport)
        self.events = EventsResource(transport)
        self.first_run = FirstRunResource(transport)
        self.gateway_calls = GatewayCallsResource(transport)
        self.gateway_policies = GatewayPoliciesResource(transport)
        self.invitations = InvitationsResource(transport)
        self.issues = IssuesResource(transport)
        self.me = MeResource(transport)
        self.members = MembersResource(transport)
        self.model_aliases = ModelAliasesResource(transport)
        self.notifications = NotificationsResource(transport)
        self.organization = OrganizationResource(transport)
        self.organizations = OrganizationsResource(transport)
        self.price_overrides = PriceOverridesResource(transport)
        self.projects = ProjectsResource(transport)
        self.provider_connections = ProviderConnectionsResource(transport)
        self.rate_limits = RateLimitsResource(transport)
        self.repositories = RepositoriesResource(transport)
        self.schedules = SchedulesResource(transport)
        self.sessions = SessionsResource(transport)
        self.task_definitions = TaskDefinitionsResource(transport)
        self.task_limits = TaskLimitsResource(transport)
        self.task_statistics = TaskStatisticsResource(transport)
        self.task_types = TaskTypesResource(transport)
        self.task_workers = TaskWorkersResource(transport)
        self.tasks = TasksResource(transport)
        self.users = UsersResource(transport)
        self.workflow_events = WorkflowEventsResource(transport)
        self.workflow_runs = WorkflowRunsResource(transport)
        self.workflows = WorkflowsResource(transport)
