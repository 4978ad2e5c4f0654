"""One list of settings, frozen and passed in. Every name is ``MARKET_<NAME>`` in the environment.

docs/settings.md is generated from this class; nothing else reads the environment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "market-opportunity"


class Settings(BaseSettings):
    """Every setting of the service, with its default and what it is for."""

    model_config = SettingsConfigDict(env_prefix="MARKET_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_default_home, description="数据目录：数据库、原始页面、索引、运行状态都在其中")
    database: str = Field(default="", description="数据库 URL；空为数据目录中的 SQLite，或 postgresql+psycopg://…")
    engine: str = Field(default="embedded", description="检索引擎：embedded，或 elasticsearch:http(s)://主机:端口")
    engine_user: str = Field(default="", description="Elasticsearch 用户名")
    engine_password: SecretStr = Field(default=SecretStr(""), description="Elasticsearch 密码")
    engine_ca: str = Field(default="", description="Elasticsearch TLS 根证书文件")
    host: str = Field(default="127.0.0.1", description="网页与接口监听地址；改为其他地址会给出警告")
    port: int = Field(default=8765, ge=0, le=65535, description="监听端口；0 为任选空闲端口，实际地址写入 run/address.json")
    public_hosts: str = Field(
        default="",
        description="对外提供服务时允许的主机名（Host），逗号分隔；空则只接受本机名与监听地址",
    )
    contact: str = Field(default="", description="写入爬虫 User-Agent 的联系方式；启用真实来源时必填")
    replicas: str = Field(
        default="",
        description="演示用本机副本：来源编号=http://127.0.0.1:端口，逗号分隔，或 @文件（JSON）；"
        "只有这里列出的本机地址允许连接",
    )
    index_batch: int = Field(default=1000, ge=1, description="每次提交到索引的公告数上限")
    index_memory_mb: int = Field(default=128, ge=15, description="内嵌索引写入内存（MB）")
    busy_seconds: float = Field(default=30.0, gt=0, description="等待数据库写锁的最长秒数")
    crawls_at_once: int = Field(default=4, ge=1, le=64, description="同时进行的采集进程数上限")
    lease_seconds: float = Field(default=30.0, gt=0, description="调度器租约秒数；过期后另一调度器可接管")
    log_level: str = Field(default="INFO", description="日志级别")

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database or f"sqlite:///{self.home / 'market.db'}"

    @property
    def replica_bases(self) -> dict[str, str]:
        """Demonstration source id (demo_…) -> base URL of its replica on this machine.

        ``@file`` is read anew each time: replicas that were restarted have other ports.
        """
        if self.replicas.startswith("@"):
            named = json.loads(Path(self.replicas[1:]).read_text("utf-8"))
            return {name: str(base) for name, base in named.items() if name.startswith("demo_")}
        pairs = (item.split("=", 1) for item in self.replicas.split(",") if "=" in item)
        return {name.strip(): base.strip() for name, base in pairs}

    def child_environment(self, **changes: str) -> dict[str, str]:
        """The environment for a process that we start: ours, this home, and the given MARKET_ settings."""
        return {**os.environ, "MARKET_HOME": str(self.home), "PYTHONUNBUFFERED": "1", **changes}
