"""Whether zaps run, as sentences. Told by /readyz to programs, and by the page about this installation to people."""

from engine.engine import Engine
from engine.runtime import Runtime


def _(text: str) -> str:
    """Marks a text for translation; pages translate it, programs are told in English."""
    return text


STARTING = _("The engine is starting or stopping.")
STANDS_STILL = _("The engine's clock stands still, so no trigger is checked. If this lasts, restart Zapwerk.")
OTHER_KEY = _("The secret key is not the one that sealed the credentials; `zapwerk doctor` says more.")


def not_ready(runtime: Runtime, engine: Engine) -> list[str]:
    """Why zaps do not run at the moment."""
    reasons = [] if engine.ready else [engine.elsewhere or STARTING]
    if engine.writer.trouble:
        reasons.append(engine.writer.trouble)
    if engine.stands_still:
        reasons.append(STANDS_STILL)
    if not runtime.key_fits:
        reasons.append(OTHER_KEY)
    return reasons
