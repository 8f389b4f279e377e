"""Everything that the editor of zaps asks the engine: put together once, by the runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from engine.connections.calls import Calls
from engine.connections.stored import Connections
from engine.editing.choices import Choices
from engine.editing.data import Data
from engine.editing.drafts import Drafts
from engine.editing.listing import Listing
from engine.editing.previews import Previews
from engine.editing.proposals import Proposals
from engine.editing.publishing import Publishing
from engine.editing.samples import Samples
from engine.editing.trying import Trying
from engine.editing.versions import Versions
from engine.registry import Registry
from engine.store.database import Database
from engine.triggers.recent import Recents
from engine.triggers.sources import Sources
from engine.triggers.switching import Switching


@dataclass(frozen=True)
class Editing:
    """`drafts` change zaps, `listing` their list; `data`, `previews` and `proposals` are for mapping; the rest acts."""

    drafts: Drafts
    listing: Listing
    samples: Samples
    data: Data
    previews: Previews
    choices: Choices
    proposals: Proposals
    trying: Trying
    versions: Versions
    publishing: Publishing

    @classmethod
    def of(
        cls,
        database: Database,
        registry: Callable[[], Registry],
        now: Callable[[], datetime],
        *,
        connections: Connections,
        sources: Sources,
        calls: Calls,
        recents: Recents,
        switching: Switching,
        settle: timedelta | None = None,
    ) -> Self:
        drafts, samples = Drafts(database, registry, now, connections.typed.sealed), Samples(database, registry, now)
        data, previews = Data(registry), Previews(registry)
        return cls(
            drafts=drafts,
            listing=Listing(database, drafts, now),
            samples=samples,
            data=data,
            previews=previews,
            choices=Choices(registry, connections, calls),
            proposals=Proposals(registry, data, previews),
            trying=Trying(drafts, samples, registry, connections, recents, calls, now, settle),
            versions=Versions(database, registry, drafts),
            publishing=Publishing(database, registry, drafts, sources, recents, switching, now, calls),
        )
