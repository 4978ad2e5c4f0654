"""Documents that a notice links (附件): which links are documents, and which two links are one document.

Portals link documents by name (``招标文件.pdf``), by an address that only says that it is a download
(``/attach/preview?attachId=…``), or inside a box that only its class marks as attachments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from opportunity.notice import Attachment

_NAMED = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z|wps|et|ofd|csv|dwg)$", re.IGNORECASE)
# A part of an address that says download: the whole word, or the beginning of a name such as attachGuid.
_FETCHES = re.compile(
    r"(?:^|[/?&=._-])(?:down(?:load|file)|attach|annex|fujian|uuid=|(?:upload)?files?(?:[/?=&_-]|id=))", re.IGNORECASE
)
_PAGE = re.compile(r"(?:\.s?html?|/)$", re.IGNORECASE)
_MARKED = re.compile(r"(?:^|[\s_-])(?:attach\w*|fjxx|fj-?list|annex|accessor(?:y|ies)|file-?list|biz-?download)", re.IGNORECASE)


def attachment(name: str, url: str) -> Attachment:
    """A document named by a notice; a nameless link is named by its address."""
    return Attachment(name=" ".join(name.split()) or url.rsplit("/", 1)[-1], url=url)


def linked_documents(node: Selector, page_url: str) -> tuple[Attachment, ...]:
    """Every link under a node that is a document, once for each address, in reading order.

    A link is a document when its address or its text ends like one, when its address says download, or
    when its class or that of something around it (up to ``node``) marks attachments.
    """
    found: dict[str, Attachment] = {}
    for link in node.css("a[href]"):
        url = document_url(link, page_url)
        if url is not None and (_is_document(link, url) or _marked(link, node)):
            found.setdefault(url, attachment(_text(link), url))
    return tuple(found.values())


def every_link(nodes: Iterable[Selector], page_url: str) -> tuple[Attachment, ...]:
    """Every link under nodes that are boxes of attachments by the site's own markup."""
    found: dict[str, Attachment] = {}
    for node in nodes:
        for link in node.css("a[href]"):
            url = document_url(link, page_url)
            if url is not None:
                found.setdefault(url, attachment(_text(link), url))
    return tuple(found.values())


def document_url(link: Selector, page_url: str) -> str | None:
    """The absolute http(s) address of a link; None for scripts, places on the page and mail."""
    href = str(link.attrib.get("href") or "").strip()
    if not href or href.startswith("#"):
        return None
    try:
        url = urljoin(page_url, href)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def joined(*places: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """The documents of several places of one page, in order; a later place repeats none of an earlier one.

    The same address is the same document. So is the same name in another place, once for each time it
    stands in the earlier ones: a portal prints the list of its own and that of the system a notice came from,
    with other addresses. Equal names within one place are different documents.
    """
    kept: list[Attachment] = []
    for place in places:
        addresses = {one.url for one in kept}
        names = [one.name for one in kept]
        for one in place:
            if one.url in addresses:
                continue
            if one.name in names:
                names.remove(one.name)
                continue
            kept.append(one)
    return tuple(kept)


def _is_document(link: Selector, url: str) -> bool:
    parts = urlsplit(url)
    if _NAMED.search(parts.path) or _NAMED.search(parts.query) or _NAMED.search(_text(link)):
        return True
    if _PAGE.search(parts.path) and not parts.query:
        return False
    return _FETCHES.search(parts.path + (f"?{parts.query}" if parts.query else "")) is not None


def _marked(link: Selector, node: Selector) -> bool:
    """Whether the link or something around it, up to ``node``, is marked as attachments by class or id."""
    element = link.root
    while element is not None:
        if any(_MARKED.search(element.get(name) or "") for name in ("class", "id")):
            return True
        element = None if element is node.root else element.getparent()
    return False


def _text(link: Selector) -> str:
    return " ".join("".join(link.xpath(".//text()").getall()).split())
