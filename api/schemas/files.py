"""What comes with an uploaded file."""

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict

from shops.uploads import Purpose

__all__ = ["Upload"]


class Upload(BaseModel):
    """A form with a file, and what it is for."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile
    purpose: Purpose
