"""The published description of the interface, held by schemathesis against the application with real data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.config import SchemathesisConfig

from tests.search_api.conftest import Market

EXAMPLES = 40


def described(market: Market) -> Any:
    """The schema of the application as schemathesis loads it."""
    config = SchemathesisConfig.from_dict({
        "checks": {
            # 400: a text, range or cursor that fits the schema and still cannot be run; stated in the description.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]},
            "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "414", "422"]},
        },
    })
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", market.app, config=config, headers={"host": "127.0.0.1"})


@pytest.fixture(scope="module")
def schema(filled: Market) -> Iterator[Any]:
    yield described(filled)


def test_every_operation_keeps_its_description(schema: Any) -> None:
    operations = [each.ok() for each in schema.get_all_operations()]
    assert {operation.path for operation in operations} == {
        "/api/v1/search", "/api/v1/notices/{id}", "/api/v1/sources", "/healthz", "/metrics",
    }
    for operation in operations:
        takes_parameters = operation.path in ("/api/v1/search", "/api/v1/notices/{id}")
        for mode in schemathesis.GenerationMode if takes_parameters else (schemathesis.GenerationMode.POSITIVE,):

            @seed(20261124)
            @settings(
                max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case: Any) -> None:
                case.call_and_validate(headers={"host": "127.0.0.1"})

            check()

