"""Every job there is: importing this module registers what each module of this room holds."""

import importlib
import pkgutil

import jobs

__all__: list[str] = []

for _module in pkgutil.iter_modules(jobs.__path__):
    # A new file of jobs need only be there; this one is being imported already.
    if _module.name != "tasks":
        importlib.import_module(f"jobs.{_module.name}")
