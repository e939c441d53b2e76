"""What comes with an uploaded file."""

from typing import Annotated, Any

from fastapi import UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict

from shops.uploads import Purpose

__all__ = ["Upload"]


def _no_text(sent: Any) -> Any:
    if isinstance(sent, str):
        raise ValueError("a file")  # a TypeError would not reach the caller
    return sent


class Upload(BaseModel):
    """A form with a file, and what it is for."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[UploadFile, BeforeValidator(_no_text)]
    purpose: Purpose
