"""What holds where QuickJS is entered by names holds where it is evaluated for every request: a
part of the same tests with the other `scripts` fixture, and a part of the hostile files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile_js import test_hostile_js
from tests.hostile_js.test_hostile_js import test_a_stack_goes_to_the_log_alone
from tests.scripts.support import Scripts
from tests.scripts.test_host import (
    test_a_handler_that_replaces_what_it_finds,
    test_an_extensions_answer_is_awaited,
    test_events_and_view_commands_are_data,
    test_nothing_can_be_asked_while_loading,
    test_only_the_host_can_deny,
    test_reads_see_the_executions_own_writes,
)
from tests.scripts.test_loading import (
    test_a_handler_that_does_not_load,
    test_an_error_in_an_imported_file_is_located_there,
    test_contexts,
    test_loading_has_an_end,
    test_modules_import_each_other,
    test_nothing_can_be_imported_later,
)
from tests.scripts.test_requests import (
    test_bodies_are_exact,
    test_digests_and_hmacs_are_the_hosts,
    test_requests_do_not_see_each_other,
    test_the_body_has_a_cap,
    test_the_head_arrives,
    test_the_log_has_levels,
    test_timers_pass_time,
)

__all__ = [
    "test_a_handler_that_does_not_load",
    "test_a_handler_that_replaces_what_it_finds",
    "test_a_stack_goes_to_the_log_alone",
    "test_an_error_in_an_imported_file_is_located_there",
    "test_an_extensions_answer_is_awaited",
    "test_bodies_are_exact",
    "test_contexts",
    "test_digests_and_hmacs_are_the_hosts",
    "test_events_and_view_commands_are_data",
    "test_loading_has_an_end",
    "test_modules_import_each_other",
    "test_nothing_can_be_asked_while_loading",
    "test_nothing_can_be_imported_later",
    "test_only_the_host_can_deny",
    "test_reads_see_the_executions_own_writes",
    "test_requests_do_not_see_each_other",
    "test_the_body_has_a_cap",
    "test_the_head_arrives",
    "test_the_log_has_levels",
    "test_timers_pass_time",
]

HOSTILE = (
    "call_sites_hold_no_functions",
    "endless_jobs",
    "endless_loop",
    "endless_microtasks",
    "endless_recursion",
    "endless_timers",
    "error_of_another_shape",
    "finally_goes_on",
    "function_constructor_finds_nothing",
    "huge_string",
    "large_headers",
    "long_timer",
    "many_items",
    "never_settles",
    "no_response",
    "rejects",
    "replaced_globals",
    "replaced_host_objects",
    "state_without_a_grant",
    "wait_of_many_digits",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_as_it_says(scripts: Scripts, name: str) -> None:
    path = Path(test_hostile_js.__file__).parent / f"{name}.js"
    test_hostile_js.test_it_ends_as_it_says(scripts, path)
