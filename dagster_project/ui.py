"""`make ui`: Dagster's webserver and daemon on this machine's own address.

Dagster has no log-in, so it is bound to loopback; whoever wants to look from elsewhere puts an
authenticating proxy in front of it.
"""

from __future__ import annotations

import os
import sys

from dagster_project import environment, manifest
from dagster_project.conductor import prepare_instance
from dagster_project.home import PROJECT_ROOT, Home

DEFAULT_PORT = "3000"


def main() -> None:
    """Replace this process by `dagster dev`, with the manifest fresh and the home prepared."""
    os.environ.setdefault(environment.VARIABLE, "local")
    prepare_instance(Home.resolve())
    manifest.ensure()
    port = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PORT
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    command = ["dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", port]
    # The folder of code decides what `python_module` finds, wherever the command was given.
    os.chdir(PROJECT_ROOT)
    arguments = [sys.executable, "-m", *command]
    os.execv(sys.executable, arguments)  # noqa: S606


if __name__ == "__main__":
    main()
