/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines in theta: which parameters there are, and thetas on the way that keep their constraints. */
#ifndef ELBOW_ENGINE_LANDSCAPE_H
#define ELBOW_ENGINE_LANDSCAPE_H

#include "elbow/landscape.h"

/* The array and offset of a coordinate; NULL: there is none, or it cannot move. */
const struct em_array *line_place(const struct em_problem *p, const struct em_coordinate *c, size_t *offset);
/* theta at t between a (0) and b (1), completed. Straight where it stays inside the constraints from -reach to 1 + reach;
 * else in logs (positive numbers, rows that sum to 1) or log odds, which cannot leave them. */
void line_mix(const struct em_problem *p, const double *a, const double *b, double t, double reach, double *out);
/* theta with another value of one parameter, completed. */
void line_put(const struct em_problem *p, const double *theta, const struct em_coordinate *c, double value, double *out);
/* Whether its constraints hold. */
bool line_valid(const struct em_problem *p, const double *theta);
/* From where to where a parameter is worth looking at. path: values it has had, [n]. */
void line_range(const struct em_problem *p, const double *theta, const struct em_coordinate *c, const double *path, size_t n,
                double zoom, double *lo, double *hi);

#endif
