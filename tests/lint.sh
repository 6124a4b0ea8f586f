#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The rules of the house, read off the sources and the symbols of the build. Prints each breach; exits 1 if there was one.
set -u
: "${BUILD:=build}" "${CLANG_FLAGS:=-Iinclude -Isrc}"
bad=0
breach() { echo "lint: $*"; bad=1; }
rank() {
	case $1 in
	base) echo 1 ;; data) echo 2 ;; evidence) echo 3 ;; model) echo 4 ;; engine) echo 5 ;; store) echo 6 ;;
	command) echo 7 ;; plot) echo 2 ;; view) echo 8 ;; term) echo 9 ;; *) echo 10 ;;
	esac
}

# Floors: a file includes its own floor and those below; the plot floor sees only base.
for f in src/*/*.[ch] src/main.c; do
	floor=$(echo "$f" | sed 's,src/\([^/]*\)/.*,\1,')
	[ "$f" = src/main.c ] && floor=main
	for inc in $(sed -n 's,^#include "\([a-z]*\)/.*,\1,p' "$f" | sort -u); do
		[ "$inc" = elbow ] && continue
		[ "$(rank "$inc")" -le "$(rank "$floor")" ] || breach "$f includes $inc, a floor above it"
		[ "$inc" = plot ] && case $floor in plot | view | term | main) ;; *) breach "$f includes plot" ;; esac
		[ "$floor" = plot ] && case $inc in plot | base) ;; *) breach "$f: plot includes $inc" ;; esac
	done
	if [ "$floor" = plot ] && grep -q '#include "elbow/\(model\|run\|evidence\|store\|corpus\)' "$f"; then
		breach "$f: plot knows no model"
	fi
done

# Libraries behind one door each.
door() { # PATTERN ALLOWED...
	pattern=$1; shift
	for f in $(grep -l "#include <$pattern" src/*/*.[ch] src/main.c); do
		case " $* " in *" $f "*) ;; *) breach "$f includes <$pattern...>; only $* may" ;; esac
	done
}
door 'n*curses.*\.h' src/term/painter.c
door readline/ src/term/prompt.c
door csv.h src/data/csv.c
door sqlite3.h src/store/session_sql.h

# A view sees a snapshot, never a run.
grep -n 'em_run_\(new\|step\|phase\|goto\|set\|free\)' src/view/*.[ch] && breach "a view touches a run"

# Sizes, first lines, and what never appears.
for f in include/elbow/*.h src/*/*.[ch] src/main.c tests/*.[ch]; do
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || breach "$f: no SPDX line"
	lines=$(wc -l <"$f")
	case $f in tests/*) most=900 ;; *) most=600 ;; esac
	[ "$lines" -le "$most" ] || breach "$f has $lines lines; split it ($most)"
	awk -v f="$f" '
		/^\/\* *Kernel:/ { kernel = 1 }
		/^[a-zA-Z_].*[^;,]$/ && !/=/ && !/^(struct|enum|union|typedef)[^(]*$/ { name = $0 }
		/^{/ { start = NR }
		/^}/ { if (start && NR - start > 80 && !kernel) { print f ":" start ": a function of " NR - start " lines (80)"; e = 1 }
		       start = 0; kernel = 0 }
		/[ \t]$/ { print f ":" NR ": blanks at the end of the line"; e = 1 }
		END { exit e }' "$f" || bad=1
done
grep -nE '(^|[^a-z_])(sprintf|gets|strtok|rand|srand|alloca)\(' src/*/*.c src/main.c && breach "a forbidden function"
grep -nE '(^|[^a-z_])time\((NULL|0)\)' src/*/*.c src/main.c && breach "the clock is no seed"
grep -rnE '(/work/|/home/|/tmp/bash)' Makefile src include tests assets docs README.md --include='*' | grep -v 'tests/lint.sh' && breach "a path of a machine"

# The library never prints, exits, or reads the environment.
for o in "$BUILD"/src/base/*.o "$BUILD"/src/data/*.o "$BUILD"/src/model/*.o "$BUILD"/src/engine/*.o "$BUILD"/src/evidence/*.o \
	"$BUILD"/src/store/*.o; do
	names=$(nm -u "$o" | awk '{print $2}' | sed 's/@.*//' |
		grep -xE 'printf|puts|putchar|vprintf|__printf_chk|fprintf|__fprintf_chk|perror|exit|_exit|getenv|secure_getenv|stdout|stderr|isatty|initscr' | tr '\n' ' ')
	[ -z "$names" ] || breach "$o uses $names"
done

# No mutable globals outside term/: nothing in .data or .bss.
for o in "$BUILD"/src/*/*.o "$BUILD"/src/main.o; do
	case $o in "$BUILD"/src/term/*) continue ;; esac
	names=$(objdump -t "$o" | awk '$3 == "O" && ($4 ~ /^\.(data|bss)$/ || $4 ~ /^\.(data|bss)\.[^r]/) {print $NF}
		$2 == "O" && ($3 ~ /^\.(data|bss)$/) {print $NF}' | tr '\n' ' ')
	[ -z "$names" ] || breach "$o has mutable globals: $names"
done

# The second compiler's warnings.
if command -v clang >/dev/null 2>&1; then
	ls src/*/*.c src/main.c tests/*.c | xargs -P 2 -n 8 clang $CLANG_FLAGS -Itests -ffp-contract=off -fsyntax-only || breach "clang warns"
else
	breach "clang is missing (package clang)"
fi
[ "$bad" = 0 ] && echo "lint: clean"
exit "$bad"
