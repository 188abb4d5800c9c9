"""The settings of one running app: environment variables, or the same as flags of `app.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="where models run")
    model: str = Field("face-vae", description="model shown first")
    memory: float = Field(
        2.0, gt=0, description="gigabytes of weights that stay loaded; the longest unused model goes first"
    )
    log_format: Literal["text", "json"] = Field("text", description="how the log's lines are written")
    cache_dir: Path = Field(
        Path("~/.cache/latent-explorer"), description="where encoded data sets and maps are kept between runs"
    )
    face_vae: str | None = Field(
        None, description="safetensors file of a face VAE of your own, in place of the bundled one"
    )
    sd_vae_tiny: str = Field(
        "madebyollin/taesd", description="repository id or local folder of the tiny Stable Diffusion VAE"
    )
    sd_vae: str = Field(
        "stabilityai/sd-vae-ft-mse", description="repository id or local folder of the Stable Diffusion VAE"
    )
