"""The operations: path, models and errors of each; for routes and OpenAPI document alike."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from nexus.http.api import log_models, models, version_models

PREFIX = "/v1"

_RUN_ERRORS = (400, 404, 408, 413, 429, 503, 504)


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    """below `PREFIX`, with `{name}` for parameters"""
    summary: str
    answer: type[BaseModel] | None = None
    """None: 204, without a body"""
    body: type[BaseModel] | None = None
    errors: tuple[int, ...] = ()
    """statuses, beside 401 and 500, which any operation may have"""
    query: type[BaseModel] | None = None
    """the parameters in the query; None: no parameters"""
    streams: bool = False
    """whether clients that accept `text/event-stream` get the answers to come as events"""
    may_be_pending: bool = False
    """whether the status is 202 while that of the answer is `suspended`"""
    creates: bool = False
    """whether the status is 201 if something new was made"""
    uploads: bool = False
    """whether the body is a handler's files (`uploads.py`)"""
    changes: bool = False
    """whether it changes versions: the request may have `If-Match`"""
    scopes: tuple[str, ...] = ()
    """scopes of which a token needs one; empty: only the admin token may"""
    tagged: bool = False
    """whether the answer has an `ETag`"""
    handler_query: bool = False
    """whether the query may name a handler (`handler`); without it, only scopes that name no
    handler count"""


_CHANGE_ERRORS = (404, 412, 422, 503)

OPERATIONS = (
    Operation(
        "listHandlers",
        "GET",
        "/handlers",
        "The handlers that are served",
        models.HandlerList,
        errors=(503,),
        scopes=("read",),
    ),
    Operation(
        "getHandler",
        "GET",
        "/handlers/{name}",
        "One handler",
        models.HandlerItem,
        errors=(404, 503),
        scopes=("read", "deploy", "run"),
    ),
    Operation(
        "deployHandler",
        "PUT",
        "/handlers/{name}",
        "Deploy a version of a handler, and let it serve",
        version_models.VersionItem,
        errors=(400, 408, 412, 413, 422, 503, 507),
        query=version_models.DeployQuery,
        creates=True,
        uploads=True,
        changes=True,
        tagged=True,
        scopes=("deploy",),
    ),
    Operation(
        "deleteHandler",
        "DELETE",
        "/handlers/{name}",
        "Delete all versions of a handler; a file of its name serves again",
        errors=_CHANGE_ERRORS,
        changes=True,
        scopes=("deploy",),
    ),
    Operation(
        "listVersions",
        "GET",
        "/handlers/{name}/versions",
        "A handler's deployed versions, and what was done to them",
        version_models.VersionList,
        errors=(404, 503),
        tagged=True,
        scopes=("read", "deploy"),
    ),
    Operation(
        "setWeights",
        "PUT",
        "/handlers/{name}/weights",
        "Let versions of a handler share its requests",
        version_models.VersionList,
        version_models.SharedWeights,
        (400, 408, 413, *_CHANGE_ERRORS),
        changes=True,
        tagged=True,
        scopes=("deploy",),
    ),
    Operation(
        "getVersion",
        "GET",
        "/handlers/{name}/versions/{version}",
        "One version with its files",
        version_models.VersionDetail,
        errors=(404, 503),
        scopes=("read", "deploy"),
    ),
    Operation(
        "activateVersion",
        "POST",
        "/handlers/{name}/versions/{version}/activate",
        "Let a version serve: the way back to an older one",
        version_models.VersionItem,
        errors=_CHANGE_ERRORS,
        changes=True,
        tagged=True,
        scopes=("deploy",),
    ),
    Operation(
        "deleteVersion",
        "DELETE",
        "/handlers/{name}/versions/{version}",
        "Delete a version that does not serve",
        errors=(404, 409, 412, 503),
        changes=True,
        scopes=("deploy",),
    ),
    Operation(
        "executeHandler",
        "POST",
        "/handlers/{name}/executions",
        "Run a handler with a JSON context",
        models.ExecutionResult,
        models.ExecutionRequest,
        _RUN_ERRORS,
        scopes=("run",),
    ),
    Operation(
        "callScheduled",
        "POST",
        "/handlers/{name}/scheduled",
        "Call a handler as if its schedule were due",
        models.ScheduledItem,
        models.ScheduledCall,
        _RUN_ERRORS,
        scopes=("run",),
    ),
    Operation(
        "executeText",
        "POST",
        "/executions",
        "Run source text with a JSON context",
        models.ExecutionResult,
        models.TextRequest,
        (400, 403, 408, 413, 422, 429, 503, 504),
        scopes=("text",),
    ),
    Operation(
        "listSuspensions",
        "GET",
        "/suspensions",
        "Suspended executions of all workers",
        models.SuspensionList,
    ),
    Operation(
        "resumeExecution",
        "POST",
        "/suspensions/{id}",
        "Give a suspended execution what it waits for, and let it go on",
        models.ExecutionResult,
        models.ResumeRequest,
        (*_RUN_ERRORS, 409, 410),
        scopes=("run", "text"),
    ),
    Operation(
        "cancelSuspension",
        "DELETE",
        "/suspensions/{id}",
        "End a suspended execution",
        None,
        None,
        (404, 409, 410),
        scopes=("run", "text"),
    ),
    Operation(
        "getExecution",
        "GET",
        "/executions/{id}",
        "The result of an execution that was suspended, or what it waits for",
        models.ExecutionResult,
        errors=(400, 404, 410, 503),
        query=models.ExecutionQuery,
        may_be_pending=True,
        scopes=("run", "text"),
    ),
    Operation(
        "getPool",
        "GET",
        "/pool",
        "Instances and queue of one worker",
        models.PoolState,
        scopes=("read",),
    ),
    Operation(
        "listLogs",
        "GET",
        "/logs",
        "The last log records and requests of all workers; as server-sent events, those to come",
        log_models.LogRecords,
        errors=(400, 503),
        query=log_models.LogQuery,
        streams=True,
        scopes=("read", "deploy"),
        handler_query=True,
    ),
    Operation("getConfig", "GET", "/config", "The settings in force", models.ConfigState),
)
