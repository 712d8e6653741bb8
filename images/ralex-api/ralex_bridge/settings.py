"""Configuration from the environment and from files, validated as a whole before anything starts."""

from __future__ import annotations

import os
import re
import ssl
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

EXIT_CONFIGURATION = 78
"""``EX_CONFIG`` of sysexits.h: the configuration is wrong, and a restart will not help."""


class ConfigurationError(Exception):
    """Everything that is wrong with the configuration. Values are never part of it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problem(s) in the configuration: " + "; ".join(problems))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApiKey(Strict):
    """A caller: its name for usage and limits, and the SHA-256 of its key. The key itself is not known here."""

    name: str = Field(min_length=1, max_length=100)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Upstream(Strict):
    """Somewhere that answers: the built-in echo, or any OpenAI-compatible base URL ending in ``/v1``."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: Literal["echo", "openai"]
    base_url: str | None = None
    api_key_file: Path | None = None
    ca_file: Path | None = None
    """Certificates of authorities in PEM that are trusted beside the system's, for an upstream with a private one."""

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Upstream:
        if self.kind == "openai" and not _is_url(self.base_url or "", ("http", "https")):
            raise ValueError(f"upstream {self.name}: base_url must be an http or https URL")
        if self.kind == "echo" and (self.base_url or self.api_key_file or self.ca_file):
            raise ValueError(f"upstream {self.name}: echo takes no base_url, no api_key_file and no ca_file")
        return self


class Route(Strict):
    """Sends models whose name matches the shell pattern to an upstream, under another name where ``target`` is set."""

    model: str = Field(min_length=1)
    upstream: str
    target: str | None = None


class Price(Strict):
    """US dollars a million tokens."""

    prompt: Decimal = Field(ge=0)
    completion: Decimal = Field(ge=0)


class Routing(Strict):
    """The upstreams in order of preference (the first is the default), the routes and the prices by model."""

    upstreams: tuple[Upstream, ...] = Field(default=(Upstream(name="echo", kind="echo"),), min_length=1)
    routes: tuple[Route, ...] = ()
    prices: dict[str, Price] = {}

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> Routing:
        names = [upstream.name for upstream in self.upstreams]
        if len(set(names)) < len(names):
            raise ValueError("two upstreams have the same name")
        unknown = sorted({route.upstream for route in self.routes} - set(names))
        if unknown:
            raise ValueError(f"routes name unknown upstreams: {', '.join(unknown)}; known are {', '.join(names)}")
        return self


Dependency = Literal["postgres", "redis", "upstream"]

Origin = Annotated[
    str, Field(pattern=r"^(\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?)$")
]
"""As browsers send it: scheme, host and, where it is not the scheme's own, port; in lower case and with no path."""


class Settings(BaseSettings):
    """What the process runs with. Each field is the environment variable ``RALEX_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="RALEX_", frozen=True, extra="ignore")

    host: str = "0.0.0.0"  # noqa: S104 - a container's own address; what is published is the edge's business
    port: int = Field(8000, ge=1, le=65535)
    api_keys_file: Path
    database_url_file: Path | None = None
    redis_url_file: Path | None = None
    upstreams_file: Path | None = None
    rate_limit_per_minute: int = Field(600, ge=0)
    cache_ttl_seconds: int = Field(0, ge=0, le=86_400)
    max_body_bytes: int = Field(1_048_576, ge=1024, le=67_108_864)
    body_timeout_seconds: float = Field(20, gt=0, le=600)
    """For the head of a request, and again for its body."""
    upstream_timeout_seconds: float = Field(60, gt=0, le=3600)
    grace_seconds: float = Field(20, gt=0, le=600)
    usage_flush_seconds: float = Field(0.2, gt=0, le=1)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    ready_requires: Annotated[frozenset[Dependency], NoDecode] = frozenset({"postgres"})
    cors_origins: Annotated[frozenset[Origin], NoDecode] = frozenset()
    """Whose pages may ask from a browser; ``*`` is anyone's."""

    @field_validator("ready_requires", "cors_origins", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value


class Configuration(Strict):
    """The settings with the contents of every file they name."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    settings: Settings
    api_keys: tuple[ApiKey, ...]
    routing: Routing
    database_url: SecretStr | None
    redis_url: SecretStr | None
    upstream_keys: dict[str, SecretStr]


def load() -> Configuration:
    """Reads everything and reports all problems together.

    Raises:
        ConfigurationError: with one entry a problem; no value is repeated, since it may be a secret.
    """
    problems: list[str] = []
    problems += _unknown_variables()
    try:
        settings = Settings()
    except ValidationError as error:
        # Without settings the files are unknown, so these are all the problems there are to see.
        raise ConfigurationError(problems + _describe(error, "RALEX_")) from None

    keys = _api_keys(settings.api_keys_file, problems)
    routing = Routing()
    if settings.upstreams_file is not None:
        document = _json(settings.upstreams_file, "RALEX_UPSTREAMS_FILE", problems)
        try:
            routing = routing if document is None else Routing.model_validate(document)
        except ValidationError as error:
            problems += _describe(error, "RALEX_UPSTREAMS_FILE ")

    database_url = _url(settings.database_url_file, "RALEX_DATABASE_URL_FILE", ("postgresql", "postgres"), problems)
    redis_url = _url(settings.redis_url_file, "RALEX_REDIS_URL_FILE", ("redis", "rediss"), problems)
    _check_tls(database_url, "RALEX_DATABASE_URL_FILE", problems)
    _check_tls(redis_url, "RALEX_REDIS_URL_FILE", problems)
    upstream_keys = _upstream_keys(routing, problems)
    _check_authorities(routing, problems)
    for dependency, url in (("postgres", settings.database_url_file), ("redis", settings.redis_url_file)):
        if dependency in settings.ready_requires and url is None and "ready_requires" in settings.model_fields_set:
            problems.append(f"RALEX_READY_REQUIRES: {dependency} is required, but its URL file is not set")

    if problems:
        raise ConfigurationError(problems)
    return Configuration(
        settings=settings,
        api_keys=tuple(keys),
        routing=routing,
        database_url=database_url,
        redis_url=redis_url,
        upstream_keys=upstream_keys,
    )


def _api_keys(path: Path, problems: list[str]) -> list[ApiKey]:
    entries = _json(path, "RALEX_API_KEYS_FILE", problems)
    keys: list[ApiKey] = []
    if entries is not None and not (isinstance(entries, list) and entries):
        problems.append("RALEX_API_KEYS_FILE: must be a JSON list of at least one {name, sha256}")
        return keys
    for index, entry in enumerate(entries or []):
        try:
            keys.append(ApiKey.model_validate(entry))
        except ValidationError as error:
            problems += _describe(error, f"RALEX_API_KEYS_FILE[{index}].")
    return keys


def _upstream_keys(routing: Routing, problems: list[str]) -> dict[str, SecretStr]:
    upstream_keys: dict[str, SecretStr] = {}
    for upstream in routing.upstreams:
        if upstream.api_key_file is None:
            continue
        key = _text(upstream.api_key_file, f"api_key_file of upstream {upstream.name}", problems)
        if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key):
            problems.append(f"api_key_file of upstream {upstream.name}: must hold one key of printable ASCII")
        elif key is not None:
            upstream_keys[upstream.name] = SecretStr(key)
    return upstream_keys


def authorities_with(file: Path) -> ssl.SSLContext:
    """The system's certificate authorities and those of a PEM file.

    Raises:
        OSError: where the file cannot be read, or (as ``ssl.SSLError``) holds no certificate.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=file)
    return context


def _check_authorities(routing: Routing, problems: list[str]) -> None:
    for upstream in routing.upstreams:
        if upstream.ca_file is not None:
            _check_authority(upstream.ca_file, f"ca_file of upstream {upstream.name}", problems)


def _check_authority(file: Path, place: str, problems: list[str]) -> None:
    if _text(file, place, problems) is not None:
        try:
            authorities_with(file)
        except OSError:
            problems.append(f"{place}: {file} must hold certificates in PEM")


SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""As libpq and asyncpg know them."""


def _check_tls(url: SecretStr | None, name: str, problems: list[str]) -> None:
    """What the drivers would say with their first connection only, where it looks like a store that is away."""
    if url is None:
        return
    query = parse_qs(urlsplit(url.get_secret_value()).query)
    modes = query.get("sslmode", [])
    if not set(modes) <= set(SSL_MODES):
        problems.append(f"{name}: sslmode must be one of {', '.join(SSL_MODES)}")
    if any(mode.startswith("verify-") for mode in modes) and "sslrootcert" not in query:
        problems.append(f"{name}: sslmode verify-ca and verify-full need sslrootcert, a file with certificates")
    for parameter in ("sslrootcert", "ssl_ca_certs"):
        for file in query.get(parameter, []):
            _check_authority(Path(file), f"{parameter} of {name}", problems)


def load_database_url() -> SecretStr:
    """The one setting that a migration needs.

    Raises:
        ConfigurationError: as ``load`` does.
    """
    problems: list[str] = []
    file = os.environ.get("RALEX_DATABASE_URL_FILE")
    if not file:
        raise ConfigurationError(["RALEX_DATABASE_URL_FILE: Field required"])
    url = _url(Path(file), "RALEX_DATABASE_URL_FILE", ("postgresql", "postgres"), problems)
    _check_tls(url, "RALEX_DATABASE_URL_FILE", problems)
    if url is None or problems:
        raise ConfigurationError(problems)
    return url


def _unknown_variables() -> list[str]:
    """A misspelt variable would otherwise be a setting that silently does nothing."""
    known = {f"RALEX_{name.upper()}" for name in Settings.model_fields}
    names = sorted(name for name in os.environ if name.upper().startswith("RALEX_") and name.upper() not in known)
    return [f"{name}: there is no such setting; known are {', '.join(sorted(known))}" for name in names]


def _describe(error: ValidationError, prefix: str) -> list[str]:
    problems = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(str(part) for part in item["loc"])
        name = place.upper() if prefix == "RALEX_" else place
        problems.append(f"{prefix}{name}: {item['msg']}".replace(" : ", ": "))
    return problems


def _text(path: Path, name: str, problems: list[str]) -> str | None:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.append(f"{name}: {path} cannot be read: {reason}")
        return None
    if not value:
        problems.append(f"{name}: {path} is empty")
        return None
    return value


def _json(path: Path, name: str, problems: list[str]) -> Any:
    value = _text(path, name, problems)
    if value is None:
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        problems.append(f"{name}: {path} is not JSON")
        return None


def _url(path: Path | None, name: str, schemes: tuple[str, ...], problems: list[str]) -> SecretStr | None:
    if path is None:
        return None
    value = _text(path, name, problems)
    if value is None:
        return None
    if not _is_url(value, schemes):
        problems.append(f"{name}: {path} must hold one URL that starts with {schemes[0]}://")
        return None
    return SecretStr(value)


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        # Reading the port checks it.
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", value)
    except ValueError:
        return False
