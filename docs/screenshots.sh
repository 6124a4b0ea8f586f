#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Draws the pictures of README.md: screenshots.sh ELBOW FOLDER
set -eu
elbow=$1 to=$2
mkdir -p "$to"
export LC_ALL=C.UTF-8
"$elbow" -b -s size=100x30 -e 'finish 3' -e "screenshot! $to/bound.svg" -e "screenshot! $to/bound.txt" \
	-e 'view topics' -e "screenshot! $to/topics.svg" \
	-e 'view documents' -e 'select 7' -e enter -e arithmetic -e "screenshot! $to/reader.svg"
"$elbow" -b -s size=100x30 --example faithful -e 'finish 21' -e 'view data' -e "screenshot! $to/data.svg"
"$elbow" -b -s size=100x24 --example coins -e 'finish 3' -e 'view landscape' -e "screenshot! $to/landscape.svg"
"$elbow" -b -s size=100x24 --example paradox -e 'finish 8' -e beside -e 'view trace' -e "screenshot! $to/paradox.svg" >/dev/null
"$elbow" -b -s size=100x30 --example basins -e 'view lab' -e "screenshot! $to/lab.svg"
"$elbow" -b -s size=100x30 --example basins -e 'finish 2' -e e -e 'view reader' -e posterior -e "screenshot! $to/posterior.svg"
