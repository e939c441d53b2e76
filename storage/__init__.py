"""What is kept: tables, migrations, sessions and the private PostGIS cluster."""
