"""The conductor: assets, checks, jobs, schedules and the `crm` command.

It knows the other rooms and has no logic of its own about data; importing it is cheap, so that
`crm --help` answers at once. Dagster and dbt are imported only by what runs them.
"""
