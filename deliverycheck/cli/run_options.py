"""What a campaign was asked for, as it also lies in the campaign's folder."""

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from deliverycheck.cli.systems import UsageError, claims_named, content_of
from deliverycheck.cli.target import TargetOptions, without_password
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Claim
from deliverycheck.search import PROFILES, Profile


def profile_of(name: str, *, minutes: float | None = None, at_once: int | None = None) -> Profile:
    """The profile of that name, with the user's own limits.

    Raises:
        UsageError: there is no such profile.
    """
    if name not in PROFILES:
        msg = f"no profile {name!r}; there are: {', '.join(PROFILES)}"
        raise UsageError(msg)
    return limited(PROFILES[name], minutes=minutes, at_once=at_once)


def limited(profile: Profile, *, minutes: float | None, at_once: int | None) -> Profile:
    """The profile with those of the user's limits that were given."""
    seconds = profile.seconds if minutes is None else minutes * 60
    return replace(profile, seconds=seconds, at_once=at_once or profile.at_once)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the user asked to run.

    Attributes:
        corpus: folder of the plans worth keeping.
        out: the campaign's folder; what a run that was killed left there is gone on from.
        own: claims of the user's, beside those of the project.
        shard: of the pool, this part of so many, counted from 1.
        systems: those whose campaigns lie in folders of their own in `out`, in this order; none
            where `out` is the campaign of the target's system alone.
        started: when it was run for the first time, in UTC; empty before.
    """

    profile: Profile
    target: TargetOptions
    claims: tuple[str, ...]
    seed: int
    out: Path
    corpus: Path
    shard: tuple[int, int] = (1, 1)
    own: tuple[Claim, ...] = ()
    systems: tuple[str, ...] = ()
    started: str = ""

    def chosen_claims(self) -> tuple[Claim, ...]:
        """Those that are run of the target's system, the user's own among them.

        Raises:
            UsageError: one that is named is not among them.
        """
        known = (*content_of(self.target.system).claims, *self.own)
        return claims_named(known, self.claims, self.profile.paces)

    def save(self, folder: CampaignFolder) -> None:
        """They lie in the folder, so that `load_options` can go on with it; no password does."""
        target = replace(self.target, bootstrap=without_password(self.target.bootstrap))
        encoded = msgspec.json.encode(replace(self, target=target), enc_hook=str)
        folder.options.write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


def load_options(root: Path) -> RunOptions:
    """What the campaign in this folder was asked for.

    Raises:
        UsageError: there is no campaign that could go on; names what is missing.
    """
    path = CampaignFolder(root=root).options
    try:
        options = msgspec.json.decode(path.read_bytes(), type=RunOptions, dec_hook=_path)
    except OSError as error:
        msg = f"{root}: no campaign that could go on: {path.name}: {error.strerror}"
        raise UsageError(msg) from None
    except msgspec.DecodeError as error:
        msg = f"{path}: {error}; begin a new campaign"
        raise UsageError(msg) from None
    return replace(options, out=root)


def _path(kind: type, text: str) -> Path:
    if kind is not Path:
        raise NotImplementedError
    return Path(text)
