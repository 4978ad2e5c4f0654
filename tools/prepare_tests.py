"""Makes a machine ready for `make test`: Chromium, PostgreSQL, a Java of 21 or newer and the real Elasticsearch server.

Standard library only, because it runs before anything is installed. Rerunning is quick: what is
there is left alone. Debian packages are installed when this runs as root (or through sudo);
elsewhere the missing command is named and nothing is guessed.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ELASTICSEARCH = "9.5.0"
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{ELASTICSEARCH}:zip"


def cache_folder() -> Path:
    """Where test servers are unpacked: readable by the unprivileged user that runs them."""
    return Path(os.environ.get("MARKET_TEST_CACHE") or f"/var/tmp/market-opportunity-tests-{os.getuid()}")


def find_postgresql() -> str | None:
    """The folder of initdb and pg_ctl, from PATH or from where Debian puts them."""
    if shutil.which("initdb") and shutil.which("pg_ctl"):
        return str(Path(shutil.which("initdb") or "").parent)
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))
    return str(Path(found[-1]).parent) if found else None


def find_java() -> str | None:
    """A JAVA_HOME of version 21 or newer that has all modules (Elasticsearch needs jdk.jdi)."""
    homes = [os.environ.get("ES_JAVA_HOME", ""), os.environ.get("JAVA_HOME", "")]
    homes += sorted(glob.glob("/usr/lib/jvm/*"), reverse=True)
    for home in homes:
        java = Path(home) / "bin" / "java"
        if not home or not java.exists():
            continue
        shown = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
        version = re.search(r'version "(\d+)', shown)
        if version is None or int(version[1]) < 21:
            continue
        modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True).stdout
        if "jdk.jdi" in modules:
            return home
    return None


def apt_install(*packages: str) -> bool:
    """Install Debian packages; False where that is not possible here."""
    if not shutil.which("apt-get"):
        return False
    prefix = [] if os.getuid() == 0 else (["sudo", "-n"] if shutil.which("sudo") else None)
    if prefix is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, "apt-get", "update", "-q"], env=environment, stdout=subprocess.DEVNULL)
    command = [*prefix, "apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 0


def need(what: str, found: object, *packages: str) -> None:
    """Make sure a program is there: say so, install its packages, or stop with what to do."""
    if found:
        print(f"  有 {what}", flush=True)
        return
    print(f"  安装 {what}（{' '.join(packages)}）…", flush=True)
    if not apt_install(*packages):
        sys.exit(f"缺少 {what}：请先安装 {' '.join(packages)}（需要 root 或 sudo），再运行 make test")


def java() -> str:
    """A suitable JAVA_HOME, installed where Debian has one."""
    home = find_java()
    if home is None:
        for package in ("openjdk-25-jdk-headless", "openjdk-21-jdk-headless"):
            print(f"  安装 Java（{package}）…", flush=True)
            if apt_install(package) and (home := find_java()):
                break
    if home is None:
        sys.exit("缺少 Java 21 或更新版本（完整 JDK）：请安装后设置 ES_JAVA_HOME，再运行 make test")
    print(f"  有 Java：{home}", flush=True)
    return home


def elasticsearch() -> Path:
    """The unpacked real server; fetched by Maven once."""
    target = cache_folder() / f"elasticsearch-{ELASTICSEARCH}"
    if (target / "bin" / "elasticsearch").exists():
        print(f"  有 Elasticsearch {ELASTICSEARCH}", flush=True)
        return target
    print(f"  下载 Elasticsearch {ELASTICSEARCH}（约 130 MB）…", flush=True)
    subprocess.run(["mvn", "-q", "-B", MAVEN_PLUGIN, f"-Dartifact={ARTIFACT}", "-Dtransitive=false"], check=True)
    repository = Path(os.environ.get("MAVEN_REPOSITORY", Path.home() / ".m2" / "repository"))
    folder = repository.joinpath("org/elasticsearch/distribution/integ-test-zip/elasticsearch", ELASTICSEARCH)
    archive = folder / f"elasticsearch-{ELASTICSEARCH}.zip"
    unpacking = cache_folder() / f"unpacking-{os.getpid()}"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(unpacking)
    for script in (unpacking / target.name / "bin").iterdir():
        script.chmod(0o755)
    try:
        os.rename(unpacking / target.name, target)
    except OSError:
        if not target.exists():  # another run may have put it there meanwhile
            raise
    shutil.rmtree(unpacking, ignore_errors=True)
    return target


def main() -> None:
    print("准备测试所需的服务：", flush=True)
    cache_folder().mkdir(mode=0o755, parents=True, exist_ok=True)
    need("Chromium", shutil.which("chromium") or shutil.which("chromium-browser"), "chromium")
    need("中文字体", glob.glob("/usr/share/fonts/**/*CJK*", recursive=True) or glob.glob("/usr/share/fonts/**/wqy*", recursive=True),
         "fonts-noto-cjk")
    need("PostgreSQL", find_postgresql(), "postgresql")
    need("strace（故障注入）", shutil.which("strace"), "strace")
    need("Maven", shutil.which("mvn"), "maven")
    java()
    elasticsearch()


if __name__ == "__main__":
    main()
