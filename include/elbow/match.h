/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How far apart components are, and which of one theta is which of another. */
#ifndef ELBOW_MATCH_H
#define ELBOW_MATCH_H

#include "elbow/model.h"

/* Hellinger's distance, sqrt(1 - sum sqrt(p q)), from 0 (the same) to 1 (nothing in common), between what component i of theta a and
 * component j of theta b emit: a word, a symbol, a row of bits, a count, a point, one toss. Factors have no distribution: sqrt(1 -
 * |cos|) of their loadings. p and r: the two problems, of the same model and data; K may differ. NAN for a model without. */
double em_component_distance(const struct em_problem *p, const double *a, size_t i, const struct em_problem *r, const double *b,
                             size_t j);

/* The assignment of least total distance (Kuhn's Hungarian method): to[i] is the component of b that is i of a, or SIZE_MAX where b has
 * fewer; distance[i] of it, NAN there. to and distance: [components of p]. EM_USAGE where there is no distance; EM_MEMORY. */
enum em_status em_match(const struct em_problem *p, const double *a, const struct em_problem *r, const double *b, size_t *to,
                        double *distance, struct em_err *err);

/* Least sum of cost[i*n + to[i]] over all one-to-one to; n <= m columns: cost is [n][m]. to: [n]. EM_MEMORY. */
enum em_status em_assign(size_t n, size_t m, const double *cost, size_t *to, struct em_err *err);

#endif
