/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points that take over the memory of their numbers, so that a big table lies there once. */
#ifndef ELBOW_DATA_POINTS_H
#define ELBOW_DATA_POINTS_H

#include "elbow/points.h"

/* As em_points_from, but x (from malloc) is taken over, also on failure. */
enum em_status points_take(size_t rows, size_t columns, const char *const *column, double *x, struct em_points **out,
                           struct em_err *err);

#endif
