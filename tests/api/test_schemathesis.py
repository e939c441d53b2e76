"""Requests made from the OpenAPI document, good and bad, find no answer it does not promise."""

from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from clutch.settings import Settings

pytestmark = pytest.mark.slow

HEADERS = {"Authorization": "Bearer a key for the tests"}
DOCUMENT = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
OPERATIONS = [found.ok() for found in DOCUMENT.get_all_operations()]
CASES = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if operation.body or mode is GenerationMode.POSITIVE  # else there is nothing to get wrong
]


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_answer_is_one_that_the_document_promises(
    address: str, operation: Any, mode: GenerationMode
) -> None:
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers_as_promised(case: Any) -> None:
        # A make may be well formed and yet not known.
        case.call_and_validate(
            base_url=address, headers=HEADERS, excluded_checks=[positive_data_acceptance]
        )

    answers_as_promised()
