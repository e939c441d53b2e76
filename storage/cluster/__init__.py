"""The private PostGIS: found, made, started and stopped without anyone having to know PostgreSQL.

It never touches tables: `storage.upgrade` makes them. Start at `running_database`.
"""

from storage.cluster.address import Database
from storage.cluster.fitness import assert_fit_to_serve
from storage.cluster.lifetime import Cluster, Status
from storage.cluster.running import running_database

__all__ = ["Cluster", "Database", "Status", "assert_fit_to_serve", "running_database"]
