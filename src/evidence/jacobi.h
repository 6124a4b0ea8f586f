/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gauss's quadrature for Beta densities. */
#ifndef ELBOW_EVIDENCE_JACOBI_H
#define ELBOW_EVIDENCE_JACOBI_H

#include <stddef.h>

/* The m nodes t of the rule for E[f(t)], t ~ Beta(a, b), rising, with u = 1 - t and the logs of the weights, which sum
 * to 1: exact for polynomials of degree 2m-1. t and u are both good to a few ulp, however small. work: 4 m doubles. */
void jacobi_rule(double a, double b, size_t m, double *t, double *u, double *log_weight, double *work);

#endif
