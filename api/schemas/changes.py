"""What is said of a thing that is to change."""

from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

__all__ = ["Change"]


class Change:
    """A body of which what is left out stays as it is: its schema names no defaults.

    A client that is generated from the schema would send those, and change what nobody named.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema without the defaults of its fields."""
        schema = handler(core_schema)
        for field in handler.resolve_ref_schema(schema)["properties"].values():
            field.pop("default", None)
        return schema
