"""Every shape of webhooks that goes in or out shows an example that is one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from hub.webhooks import schemas, source_schemas

SHAPES = sorted(
    {
        found
        for module in (schemas, source_schemas)
        for name, found in vars(module).items()
        if name.endswith(("In", "Out"))
        and isinstance(found, type)
        and issubclass(found, BaseModel)
        and found.__module__ == module.__name__
    },
    key=lambda shape: shape.__name__,
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_an_example_is_taken_as_it_stands(shape: type[BaseModel]) -> None:
    extra: Any = shape.model_config.get("json_schema_extra")
    (example,) = extra["examples"]
    made = shape.model_validate(example)
    if shape.__name__.endswith("Out"):
        assert set(example) == set(shape.model_fields)
        assert shape.model_validate(made.model_dump(mode="json")) == made
