"""The settings of one running app: environment variables, or the same as flags of `app.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models import MODELS
from models.errors import InputError

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+$")]
CommaSeparated = BeforeValidator(lambda given: given.split(",") if isinstance(given, str) else given)


class Settings(BaseSettings):
    """See, steer and measure what a generative model has learned.

    Every flag can also be given as an environment variable: --cache-dir is LATENT_EXPLORER_CACHE_DIR.
    """

    model_config = SettingsConfigDict(
        env_prefix="LATENT_EXPLORER_",
        cli_prog_name="app.py",
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    host: str | None = Field(
        None, description="address to listen on; else GRADIO_SERVER_NAME, else 127.0.0.1"
    )
    port: int = Field(7860, ge=0, le=65535, description="port to listen on")
    allow_host: Annotated[list[HostName], NoDecode, CommaSeparated] = Field(
        [], description="host names that the page is reached under, besides localhost and IP addresses"
    )
    root_path: str = Field(
        "", pattern=r"^(/[\w.~-]+)*/?$", description="path at which a proxy serves the app, such as /latent"
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1",
        description="proxies, by address, whose X-Forwarded-For and -Proto are believed; * for all",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="where models run")
    model: str = Field("face-vae", description="model shown first")
    memory: float = Field(
        2.0, gt=0, description="gigabytes of weights that stay loaded; the longest unused model goes first"
    )
    log_format: Literal["text", "json"] = Field("text", description="how the log's lines are written")
    cache_dir: Path = Field(
        Path("~/.cache/latent-explorer"), description="where encoded data sets and maps are kept between runs"
    )
    data_dir: Path = Field(
        Path("~/.local/share/latent-explorer"), description="where data sets that people bring are kept"
    )
    import_root: Annotated[list[Path], NoDecode, CommaSeparated] = Field(
        [], description="folders of this machine from which the page may import pictures"
    )
    import_gb: float = Field(4.0, gt=0, description="gigabytes that one person may bring")
    pictures: Path | None = Field(
        None, description="folder of pictures of your own, shown first; its sub-folders become a label"
    )
    source: Annotated[dict[str, str], NoDecode] = Field(
        {},
        description="NAME=PATH, weights of your own for a model: a file, a folder or a repository id, as its "
        "family reads them; as often as you like, or with commas between",
    )

    @field_validator("source", mode="before")
    @classmethod
    def _read_sources(cls, source: object) -> object:
        if not isinstance(source, str):
            return source
        entries = [entry.partition("=") for entry in source.split(",")]
        if not all(name in MODELS and path for name, _, path in entries):
            raise InputError(f"expected NAME=PATH with a name of {', '.join(MODELS)}")
        return {name: path for name, _, path in entries}
