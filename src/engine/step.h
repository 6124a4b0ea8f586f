/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One ledger entry's work as a function: from a state to the next, touching nothing else. */
#ifndef ELBOW_ENGINE_STEP_H
#define ELBOW_ENGINE_STEP_H

#include "elbow/run.h"
#include "engine/state.h"

/* What makes an entry: a unit, a sweep or the rest of a phase, of E or M. */
struct action {
	enum em_size size; /* EM_ITERATION: a leap, leap.h */
	bool m;
};

struct step_result {
	struct state *state; /* owned */
	struct em_entry entry;
};

/* Entry 0. given may be NULL. */
enum em_status step_start(const struct em_problem *p, const struct em_evidence *evidence,
                          const struct em_given *given, uint64_t seed, const struct em_hooks *h,
                          struct step_result *out, struct em_err *err);
/* The action a must fit the state: inside a phase, the same phase. */
enum em_status step_take(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                         const struct em_entry *before, struct action a, const struct em_hooks *h,
                         struct step_result *out, struct em_err *err);

/* The same q before another theta: its bounds, no ledger entry of its own. The state is BEFORE E. */
enum em_status step_put(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                        const struct em_entry *before, const double *theta, const struct em_hooks *h, struct step_result *out,
                        struct em_err *err);
/* That theta, and q made with it (where q comes from a theta); its statistics too. */
enum em_status step_put_made(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                             const struct em_entry *before, const double *theta, const struct em_hooks *h, struct step_result *out,
                             struct em_err *err);
/* Another q before the same theta, with its bounds and statistics. */
enum em_status step_put_q(const struct em_problem *p, struct state *from, const struct em_entry *before, const double *q,
                          const struct em_hooks *h, struct step_result *out, struct em_err *err);
/* The largest change of theta between two states, into e. */
void step_moved(const struct em_problem *p, const struct state *from, const struct state *to, struct em_entry *e);

/* The invariants of a new entry (check.c): EM_BREACH names the step, the observation, the coordinate and the size. */
enum em_status check_entry(const struct em_problem *p, const struct state *from, const struct state *to,
                           const struct em_entry *now, struct em_err *err);

#endif
