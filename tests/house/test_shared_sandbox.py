"""The programs that the files in examples/shared-sandbox are for accept them, and the files use only existing options."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterfoil.cli.serve import serve

FOLDER = Path(__file__).parents[2] / "examples" / "shared-sandbox"
ENVIRONMENT = {"COUNTERFOIL_STORE", "PGPASSWORD", "COUNTERFOIL_CONTROL_TOKEN"}
OURS = {name for option in serve.params for name in option.opts}


def tool(name: str, package: str) -> str:
    """The program's path; without it the test is skipped, or fails where all tests must run."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        said = f"{name} is not installed: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    return found


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def certificate(folder: Path) -> None:
    """Some certificate and key, as the configuration names them."""
    key, made = folder / "privkey.pem", folder / "fullchain.pem"
    request = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x")
    run(tool("openssl", "openssl"), *request, "-keyout", key, "-out", made)


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    certificate(tmp_path)
    site, main = tmp_path / "site.conf", tmp_path / "nginx.conf"
    text = (FOLDER / "nginx.conf").read_text()
    site.write_text(text.replace("/etc/letsencrypt/live/sandbox.example.com", str(tmp_path)))
    main.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {site}; }}")
    said = run(tool("nginx", "nginx-light"), "-t", "-c", main)
    assert "test is successful" in said
    assert "[warn]" not in said


def test_caddy_takes_its_file() -> None:
    said = run(tool("caddy", "caddy"), "validate", "--adapter", "caddyfile", "--config", FOLDER / "Caddyfile")
    assert "Valid configuration" in said
    assert '"warn"' not in said


def test_systemd_takes_its_file(tmp_path: Path) -> None:
    text = (FOLDER / "counterfoil@.service").read_text()
    unit = tmp_path / "counterfoil@.service"
    unit.write_text(text.replace("/opt/counterfoil/bin/counterfoil", "/bin/true"))
    said = run(tool("systemd-analyze", "systemd"), "verify", unit)
    assert not [line for line in said.splitlines() if "counterfoil" in line], said
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    words = shlex.split(command)
    assert words[1] == "serve"
    assert {word for word in words if word.startswith("-")} <= OURS
    given = {line.partition("=")[0] for line in (FOLDER / "counterfoil.env").read_text().splitlines() if "=" in line}
    assert given == ENVIRONMENT


def test_the_compose_file() -> None:
    """PostgreSQL, two servers alike, and a proxy that goes to both."""
    compose: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    services = compose["services"]
    assert services["one"] == services["two"] == compose["x-counterfoil"]
    assert set(services["one"]["environment"]) == ENVIRONMENT
    assert {word for word in services["one"]["command"] if word.startswith("-")} <= OURS
    assert {"one:8000", "two:8000"} <= set(services["proxy"]["command"])
    assert set(services["proxy"]["depends_on"]) == {"one", "two"}
    assert (FOLDER / services["one"]["build"]["context"] / "Dockerfile").is_file()
    volumes = {volume.partition(":")[0] for service in ("store", "proxy") for volume in services[service]["volumes"]}
    assert volumes == set(compose["volumes"])
    (store,) = re.findall(r"@(\w+)/", services["one"]["environment"]["COUNTERFOIL_STORE"])
    assert store in services
