#!/bin/sh
# Installs what some tests need and Debian packages: PostgreSQL's server, and Chromium. Where that is not permitted, those
# tests are skipped and say so.
set -u
missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -x /usr/bin/chromium ] || missing="$missing chromium"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 ||
        echo "prepare: could not install:$missing; the tests that need it will be skipped" >&2
else
    echo "prepare: missing:$missing (install it as root); the tests that need it will be skipped" >&2
fi
exit 0
