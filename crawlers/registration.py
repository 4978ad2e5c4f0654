"""What operators decide about sources: registering, enabling, disabling, removing demonstrations."""

from __future__ import annotations

import datetime as dt
import re

from crawlers.spiders import DEMONSTRATION, all_sources, find_source
from opportunity.errors import BadInput, ConfigurationError
from opportunity.settings import Settings
from opportunity.source import Source, source_json
from opportunity.store import Store

# An address a portal's staff can write to or look at; plain characters, as it goes into a request header.
CONTACT = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}|https?://[A-Za-z0-9.\-]+(?:/[!-~]*)?")


def present_sources(settings: Settings) -> dict[str, Source]:
    """Every source that has a file, and the demonstration twins whose replicas the settings name."""
    found = {id: source for id, (source, _) in all_sources().items()}
    for id in settings.replica_bases:
        if id.startswith(DEMONSTRATION):
            found[id] = find_source(id, settings.replica_bases)[0]
    return found


def register_sources(store: Store, settings: Settings) -> list[str]:
    """Bring the facts of every present source into the store; returns the ids that were new or changed.

    Those who cannot import this package (the page, the schedule) read them there. A demonstration
    source starts enabled, for it never leaves this machine; a real one starts disabled.
    """
    return [id for id, source in present_sources(settings).items() if register_source(store, source)]


def register_source(store: Store, source: Source) -> bool:
    """Bring the facts of one source into the store; whether they were new or changed."""
    state, facts = store.source_states().get(source.id), source_json(source)
    if state is not None and state.base == source.base and dict(state.facts) == facts:
        return False
    start = True if state is None and source.demonstration else None
    store.set_source_state(source.id, enabled=start, base=source.base, facts_json=facts)
    return True


def enable(store: Store, settings: Settings, id: str, *, contact: str, ci: bool) -> Source:
    """Let a source be crawled. ``contact`` is put into the user agent and kept with the source.

    Raises ``ConfigurationError`` on a build machine and ``BadInput`` for a contact nobody could use.
    """
    source = find_source(id, settings.replica_bases)[0]
    if not source.demonstration:
        if ci:
            raise ConfigurationError("设置了 CI：自动构建环境不得采集真实网站，未启用", source=id)
        contact = contact.strip()
        if len(contact) > 100 or CONTACT.fullmatch(contact) is None:
            raise BadInput("联系方式应是一个邮箱或一个网址（http/https），供网站管理者联系你", contact=contact[:100])
    store.set_source_state(
        id, enabled=True, paused_until=None, pause_reason="", contact=contact, base=source.base,
        facts_json=source_json(source),
    )
    return source


def disable(store: Store, settings: Settings, id: str) -> Source:
    """No further run of a source; what it has brought stays."""
    source = find_source(id, settings.replica_bases)[0]
    store.set_source_state(id, enabled=False, base=source.base, facts_json=source_json(source))
    return source


def remove_demonstrations(store: Store, at: dt.datetime) -> dict[str, int]:
    """Remove every demonstration source with all it brought; source id -> notices removed."""
    demonstrations = [id for id in store.source_states() if id.startswith(DEMONSTRATION)]
    return {id: store.remove_source(id, at=at) for id in demonstrations}
