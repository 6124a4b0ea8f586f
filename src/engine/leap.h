/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SQUAREM: two iterations of EM, a leap of theta along what they have in common, and an iteration from there (Varadhan & Roland,
 * Scand. J. Statist. 35, 2008, scheme S3). */
#ifndef ELBOW_ENGINE_LEAP_H
#define ELBOW_ENGINE_LEAP_H

#include "engine/step.h"

/* One macro step: 3 E-steps. A leap that would end below the two iterations is refused, and then it is those two. The entry is that
 * of the last M-step but for step, iteration, gain, moved and e_steps; its leap says what came of it. from is BEFORE E. */
enum em_status leap_take(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                         const struct em_entry *before, const struct em_hooks *h, struct step_result *out, struct em_err *err);

/* theta - 2 a r + a^2 v, r = b - theta, v = (c - b) - r, a = -|r|/|v|, in coordinates that are free: square roots of positive
 * numbers and of rows that sum to 1 (then scaled to it), arcs of the root of a probability, Cholesky factors with a log diagonal. a, b, c: three thetas in a row. *length: -a. False where it
 * is no leap: -a at most 1, or something that is not finite. */
bool leap_theta(const struct em_problem *p, const double *a, const double *b, const double *c, double *out, double *length);

#endif
