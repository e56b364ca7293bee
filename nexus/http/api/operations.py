"""The operations: path, models and errors of each; for routes and OpenAPI document alike."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from nexus.http.api import log_models, models

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


OPERATIONS = (
    Operation(
        "listHandlers",
        "GET",
        "/handlers",
        "The handlers that are served",
        models.HandlerList,
        errors=(503,),
    ),
    Operation(
        "getHandler",
        "GET",
        "/handlers/{name}",
        "One handler",
        models.HandlerItem,
        errors=(404, 503),
    ),
    Operation(
        "executeHandler",
        "POST",
        "/handlers/{name}/executions",
        "Run a handler with a JSON context",
        models.ExecutionResult,
        models.ExecutionRequest,
        _RUN_ERRORS,
    ),
    Operation(
        "executeText",
        "POST",
        "/executions",
        "Run source text with a JSON context",
        models.ExecutionResult,
        models.TextRequest,
        (400, 403, 408, 413, 422, 429, 503, 504),
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
    ),
    Operation(
        "cancelSuspension",
        "DELETE",
        "/suspensions/{id}",
        "End a suspended execution",
        None,
        None,
        (404, 409, 410),
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
    ),
    Operation("getPool", "GET", "/pool", "Instances and queue of one worker", models.PoolState),
    Operation("getConfig", "GET", "/config", "The settings in force", models.ConfigState),
)
