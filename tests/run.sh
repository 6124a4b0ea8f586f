#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the test programs named as arguments, two at a time, and adds up: the last line is "N passed, N failed".
# Without a sanitizer each unit test runs again under valgrind.
set -u
: "${BUILD:?}" "${SANITIZE:=}" "${JOBS:=2}"
logs=$BUILD/tests/logs
rm -rf "$logs"
mkdir -p "$logs"
ELBOW=$PWD/$BUILD/elbow
# Two programs share the cores: threads that wait should not spin.
OMP_WAIT_POLICY=passive
export ELBOW OMP_WAIT_POLICY
export LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 # relative: a path may have blanks
for t in "$@"; do
	name=$(basename "$t")
	printf '%s\n' "$name $t"
	# The programs that drive a terminal or the whole binary start children; the model's large cases are slow there.
	case $name in
	*screen* | *cli*) ;;
	*) [ -z "$SANITIZE" ] && printf '%s\n' "valgrind-$name valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --suppressions=tests/valgrind.supp $t" ;;
	esac
done >"$logs/list"
# A test that hangs is a failed test: two minutes is far beyond any of them.
one='name=${0%% *}; command=${0#* }; case $name in valgrind-*) export ELBOW_VALGRIND=1;; esac
timeout 150 $command >"$1/$name.log" 2>&1; echo $? >"$1/$name.rc"'
tr '\n' '\0' <"$logs/list" | xargs -0 -P "$JOBS" -I {} sh -c "$one" {} "$logs"
passed=0 failed=0
while read -r name command; do
	log=$logs/$name.log rc=$(cat "$logs/$name.rc")
	p=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | tail -n 1)
	f=$(sed -n 's/^\[  FAILED  \] .*: \([0-9]*\) test.*/\1/p;s/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | head -n 1)
	case $name in
	valgrind-*) # one verdict: the same tests were counted already
		p=0 f=0
		if [ "$rc" = 0 ]; then p=1; else f=1; fi ;;
	esac
	if [ "$rc" != 0 ] || [ -z "$p" ]; then
		[ "${f:-0}" -gt 0 ] || f=1
		echo "--- $name (exit $rc): $command"
		grep -v '^\[ RUN \|^\[       OK' "$log" | tail -n 60
	fi
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
done <"$logs/list"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
