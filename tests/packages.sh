#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Brings in the Debian packages that are named as PACKAGE:WHAT-FOR and missing, in one step.
set -u
missing= why=
if command -v dpkg-query >/dev/null 2>&1; then
	have=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')
	for item in "$@"; do
		package=${item%%:*}
		printf '%s\n' "$have" | grep -qx "$package" && continue
		missing="$missing $package"
		why="$why $package (${item#*:})"
	done
	[ -z "$missing" ] && exit 0
else # not Debian: look for what the build needs, and only name the packages
	for item in "$@"; do why="$why ${item%%:*} (${item#*:})"; done
	for header in curses.h readline/readline.h csv.h unicase.h gsl/gsl_rng.h jansson.h sqlite3.h; do
		printf '#include <stdio.h>\n#include <%s>\n' "$header" | ${CC:-cc} -E -x c - >/dev/null 2>&1 || missing=yes
	done
	[ -z "$missing" ] && exit 0
	echo "elbow needs these packages (Debian's names):$why; install them and run make again" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "elbow needs these packages:$why; install them and run make again" >&2
	exit 1
fi
if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null 2>&1; then
	as=sudo
else
	echo "elbow needs these packages:$why; as root: apt-get install$missing" >&2
	exit 1
fi
echo "installing what is missing:$why"
install() { $as env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing </dev/null; }
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
if install >"$log" 2>&1; then exit 0; fi
# A fresh machine has no package lists yet.
if $as apt-get update >"$log" 2>&1 </dev/null && install >>"$log" 2>&1; then exit 0; fi
tail -n 5 "$log" >&2
echo "elbow: apt-get could not install:$missing; install them by hand and run make again" >&2
exit 1
