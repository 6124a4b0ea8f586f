/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Documents drawn from topics that are bars of a grid, so that a topic can be looked at. */
#ifndef ELBOW_DATA_BARS_H
#define ELBOW_DATA_BARS_H

#include <stdint.h>

#include "elbow/data.h"

enum { BARS_SIDE = 5, BARS_TOPICS = 2 * BARS_SIDE, BARS_DOCUMENTS = 500, BARS_LENGTH = 100 };

/* The corpus of a seed: cell i of the grid, row by row, is term i. Topic t < BARS_SIDE is row t, the others are columns. */
enum em_status bars_make(uint64_t seed, const struct em_settings *s, struct em_data **out, struct em_err *err);

#endif
