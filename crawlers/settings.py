"""Scrapy's settings: what a portal can expect of us, and what a portal cannot do to us.

Only names in capitals are settings. Everything that opens a port, reads a file, follows on its
own or keeps state across runs is off; robots.txt, redirects, retries, compression and budgets are
our own (``crawlers.middlewares``, ``crawlers.downloads``), because the stock ones let pass what a
public service must not: see docs/politeness.md. ``scrapy_settings`` adds what one run decides.
"""

from __future__ import annotations

from typing import Any

from crawlers.waiting import Limits
from opportunity.source import Source

# The product token, by which robots.txt may name us.
ROBOT = "MarketOpportunityBot"
VERSION = "0.1"

BOT_NAME = ROBOT
SPIDER_MODULES = ["crawlers.spider"]
USER_AGENT = f"{ROBOT}/{VERSION} (public tender notice search)"

# Nothing listens, nothing but http and https is fetched, nothing outside asks us anything.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
DOWNLOAD_HANDLERS = {
    "http": "crawlers.downloads.PoliteDownloadHandler",
    "https": "crawlers.downloads.PoliteDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TLS_MIN_VERSION = "TLSv1.2"
HTTPPROXY_ENABLED = False

# One request at a time; the gap between two is kept by the host's budget, across processes.
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_ITEMS = 1
DOWNLOAD_DELAY = 0
DOWNLOAD_DELAY_JITTER = 0
AUTOTHROTTLE_ENABLED = False
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"

# Replaced by ours, in this order from the engine (low) to the network (high).
ROBOTSTXT_OBEY = False
RETRY_ENABLED = False
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
COMPRESSION_ENABLED = False
COOKIES_ENABLED = False
REFERER_ENABLED = False
DOWNLOADER_MIDDLEWARES_BASE: dict[str, int] = {}
DOWNLOADER_MIDDLEWARES = {
    "crawlers.middlewares.RobotsMiddleware": 100,
    "crawlers.middlewares.IdentityMiddleware": 300,
    "crawlers.middlewares.RetryMiddleware": 500,
    "crawlers.middlewares.RedirectMiddleware": 600,
}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "crawlers.memory.OwnMemoryUsage": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
}
ITEM_PIPELINES = {"crawlers.pipelines.StorePipeline": 100}

# Bounds. Sizes hold before and after decompression.
DOWNLOAD_MAXSIZE = Limits().max_bytes
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = Limits().timeout
DOWNLOAD_FAIL_ON_DATALOSS = True
MEMUSAGE_ENABLED = True
MEMUSAGE_LIMIT_MB = Limits().memory_mb
MEMUSAGE_CHECK_INTERVAL_SECONDS = 5
CLOSESPIDER_ERRORCOUNT = 50
CLOSESPIDER_TIMEOUT = 3600
CLOSESPIDER_PAGECOUNT = 5000

# Work is derived anew from the ledger by every run; a job directory would lose some of it.
JOBDIR = None
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
LOG_ENABLED = True
LOG_LEVEL = "WARNING"
LOG_FORMATTER = "crawlers.logs.PlainLogFormatter"
LOG_INSTALL_ROOT_HANDLER = False
STATS_DUMP = False

# How long after its own time limit a run is ended by Scrapy's guard, should ours have failed (seconds).
GUARD_SECONDS = 120


def user_agent(contact: str) -> str:
    """How we introduce ourselves: the product token, what we do and whom to ask to stop."""
    plain = "".join(character for character in contact if " " <= character <= "~")[:120].strip()
    return f"{ROBOT}/{VERSION} (public tender notice search; contact: {plain})" if plain else USER_AGENT


def scrapy_settings(source: Source, limits: Limits, *, contact: str, time_limit: float) -> dict[str, Any]:
    """All settings for one run of ``source``; ``time_limit`` in seconds."""
    here = {name: value for name, value in globals().items() if name.isupper()}
    return {
        **here,
        "USER_AGENT": user_agent(contact),
        "DOWNLOAD_MAXSIZE": limits.max_bytes,
        "DOWNLOAD_TIMEOUT": limits.timeout,
        "MEMUSAGE_LIMIT_MB": limits.memory_mb,
        "CLOSESPIDER_TIMEOUT": time_limit + GUARD_SECONDS,
        # The budget of pages is the crawl's own; robots.txt, redirects and retries come on top.
        "CLOSESPIDER_PAGECOUNT": source.politeness.requests_a_run * limits.attempts + 100,
    }
