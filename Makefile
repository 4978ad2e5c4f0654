# 找市场 Market Opportunity. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
export MARKET_HOME ?= $(CURDIR)/.home
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup lock run test test-long check bench clean

help: ## 显示本帮助
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

.venv/ready: requirements.lock pyproject.toml
	@echo "安装依赖到 .venv（按锁定的版本与哈希）…"
	@$(PYTHON) -c 'import sys; sys.exit("需要 Python 3.11 或更新版本") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch .venv/ready

setup: .venv/ready ## 安装：建立 .venv，命令为 .venv/bin/market
	@echo "就绪：$(BIN)/market --help"

lock: ## 重新锁定依赖（只含名称、版本与哈希）
	@$(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements.lock

run: setup ## 启动：网页、索引、采集与本机演示来源（Ctrl-C 停止）
	@$(BIN)/market up --demo

test: setup ## 安装所需服务并运行全部测试
	@$(PYTHON) tools/prepare_tests.py
	@$(MAKE) --no-print-directory check
	@echo "运行测试（$(WORKERS) 个进程）…"
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup

test-long: setup ## 慢的扫描：大量 kill -9、故障循环、大样本
	@$(PYTHON) tools/prepare_tests.py
	@$(BIN)/pytest -m long --override-ini addopts= -q -s

check: setup ## 代码检查：ruff、mypy --strict
	@echo "检查代码：ruff、mypy --strict…"
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: setup ## 测量：与同类并排比较（结果打印；见 docs/figures.md）
	@$(BIN)/python -m benchmarks

clean: ## 删除虚拟环境与缓存（不动数据目录）
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
