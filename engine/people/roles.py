"""What somebody may do: three roles, each of which includes the one below it."""

from enum import StrEnum


class Role(StrEnum):
    """An owner also manages people and apps; an editor builds and switches zaps; a viewer looks."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"

    def includes(self, other: "Role") -> bool:
        """Whether this one may do all that `other` may."""
        return _RANK[self] >= _RANK[other]

    def at_most(self, other: "Role") -> "Role":
        """The lower of the two."""
        return other if self.includes(other) else self


_RANK = {Role.VIEWER: 0, Role.EDITOR: 1, Role.OWNER: 2}
