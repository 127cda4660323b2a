"""`CRM_HOME/alerts.yml`: which events are told, and by which ways."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dagster_project.errors import WrongUsageError
from ingestion.contracts.errors import FeedError
from ingestion.contracts.strict_yaml import read_yaml

FILE_NAME: Final = "alerts.yml"
EventName = Literal[
    "night_failed", "audit_failed", "gate_failed", "feed_late", "delivery_refused",
    "delivery_held", "published",
]  # fmt: skip
# Everything but good news.
USUAL: Final[tuple[EventName, ...]] = (
    "night_failed", "audit_failed", "gate_failed", "feed_late", "delivery_refused",
    "delivery_held",
)  # fmt: skip
TEMPLATE: Final = """\
# Alerts of the night. Put this file into CRM_HOME as alerts.yml and try it: crm alerts --test
# Each way is optional. A way that fails never stops a night: it is told and stands in
# logs/alerts.jsonl. Messages hold counts and file names, in Chinese and English.
events: [night_failed, audit_failed, gate_failed, feed_late, delivery_refused, delivery_held]
# also: published

# webhook:
#   url: http://alerts.bank.internal/crm   # or url_env: NAME, or url_file: /path (chmod 600)
#   format: json                           # json, wecom (企业微信, 钉钉) or feishu (飞书)
#   timeout_seconds: 10
#   tries: 3

# mail:
#   host: mail.bank.internal
#   port: 25
#   security: starttls                     # none, starttls or tls
#   user: crm                              # leave out where the server wants no login
#   password_env: CRM_MAIL_PASSWORD        # or password_file: /path (chmod 600); never here
#   sender: crm@bank.internal
#   to: [operations@bank.internal]
#   timeout_seconds: 10
#   tries: 3

# command:                                 # reads the JSON of the webhook on its standard input
#   argv: [/usr/local/bin/page-somebody, --crm]
#   timeout_seconds: 30
"""


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
Url = Annotated[Line, AfterValidator(_http)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Webhook(_Strict):
    """A POST to an address. Addresses of chat robots hold a key, so they may stand elsewhere."""

    url: Url | None = None
    url_env: Line | None = None
    url_file: Path | None = None
    format: Literal["json", "wecom", "feishu"] = "json"
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    tries: int = Field(default=3, ge=1, le=10)

    @model_validator(mode="after")
    def _check(self) -> Webhook:
        if sum(each is not None for each in (self.url, self.url_env, self.url_file)) != 1:
            raise ValueError("give one of url, url_env and url_file")
        return self

    def address(self) -> str:
        """The address, wherever it is kept.

        Raises:
            WrongUsageError: It is not there, is no address, or others may read it.
        """
        url = self.url or secret_of("webhook.url", self.url_env, self.url_file)
        try:
            return _http(url)
        except ValueError as error:
            raise _unusable(f"{FILE_NAME}: webhook.url {error}") from None


class Mail(_Strict):
    """A mail by SMTP."""

    host: Line
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: Line | None = None
    password_env: Line | None = None
    password_file: Path | None = None
    sender: Line
    to: tuple[Line, ...] = Field(min_length=1)
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    tries: int = Field(default=3, ge=1, le=10)

    @model_validator(mode="after")
    def _check(self) -> Mail:
        kept = sum(each is not None for each in (self.password_env, self.password_file))
        if (self.user is not None) != (kept == 1):
            raise ValueError("user needs one of password_env and password_file, and they need it")
        if self.user is not None and self.security == "none":
            raise ValueError("a password is sent only with security starttls or tls")
        return self

    def password(self) -> str:
        """The password, wherever it is kept.

        Raises:
            WrongUsageError: It is not there, or others may read it.
        """
        return secret_of("mail.password", self.password_env, self.password_file)


class Command(_Strict):
    """A program of the bank's own, started without a shell."""

    argv: tuple[Line, ...] = Field(min_length=1)
    timeout_seconds: float = Field(default=30, gt=0, le=600)


class Settings(_Strict):
    """The whole file."""

    events: tuple[EventName, ...] = USUAL
    webhook: Webhook | None = None
    mail: Mail | None = None
    command: Command | None = None

    @property
    def ways(self) -> list[Webhook | Mail | Command]:
        """The ways that are set."""
        return [way for way in (self.webhook, self.mail, self.command) if way is not None]


def load(path: Path) -> Settings | None:
    """The settings in `path`; None where there is no such file.

    Raises:
        WrongUsageError: The file says something that makes no sense; names each place.
    """
    if not path.exists():
        return None
    try:
        return Settings.model_validate(read_yaml(path))
    except FeedError as error:
        raise _unusable(" ".join(str(error).split("\n"))) from None
    except ValidationError as error:
        # Neither the text of the file nor a link to the library's pages.
        told = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or FILE_NAME}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise _unusable(f"{path.name}: {told}") from None


def _unusable(told: str) -> WrongUsageError:
    return WrongUsageError(f"{FILE_NAME} 设置有误，请改正后重试：{told}", told)


def secret_of(name: str, variable: str | None, file: Path | None) -> str:
    """A secret from the environment, or from a file that only its owner may read.

    Raises:
        WrongUsageError: It is not there, or others may read it.
    """
    if variable is not None:
        value = os.environ.get(variable, "")
        if not value:
            raise WrongUsageError(
                f"{FILE_NAME}：{name}：环境变量 {variable} 未设置。",
                f"{FILE_NAME}: {name}: the variable {variable} is not set",
            )
        return value
    place = Path(file or "").expanduser()
    try:
        if place.stat().st_mode & 0o077:
            raise WrongUsageError(
                f"{FILE_NAME}：{name}：{place} 可被他人读取；请执行 chmod 600。",
                f"{FILE_NAME}: {name}: others may read {place}; chmod 600",
            )
        value = place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise WrongUsageError(
            f"{FILE_NAME}：{name}：无法读取 {place}。",
            f"{FILE_NAME}: {name}: {place} cannot be read",
        ) from None
    if not value:
        raise WrongUsageError(
            f"{FILE_NAME}：{name}：{place} 为空。", f"{FILE_NAME}: {name}: {place} is empty"
        )
    return value
