/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names of expressions in a snapshot, between expr_names.c (what they mean) and expr_value.c (what is computed from them). */
#ifndef ELBOW_COMMAND_EXPR_NAMES_H
#define ELBOW_COMMAND_EXPR_NAMES_H

#include "command/expr_tree.h"

/* In the order of expr_quantities; those before Q_ENERGY are also known of each observation. */
enum quantity {
	Q_ELBO, Q_KL, Q_LOG_P, Q_SWEEPS,
	Q_ENERGY, Q_ENTROPY, Q_DELTA, Q_GAIN, Q_ITERATION, Q_STEP, Q_PERPLEXITY, Q_MOVED, Q_CAPPED, Q_TO_COME, Q_RATE,
	Q_SHARE, Q_SIZE, Q_QUANTITIES
};

/* An evaluation. */
struct expr_look {
	const struct expr *e;
	const struct em_snapshot *s;
	bool before; /* as of the entry before */
	struct em_err *err;
};

/* NAN: unknown. */
double names_quantity(const struct em_snapshot *s, bool before, unsigned which);
enum em_status names_find(struct expr_look *x, size_t node, struct expr_place *out);
enum em_status names_value(struct expr_look *x, const struct expr_place *pl, struct expr_value *out);
enum expr_sure names_sure(const struct expr_look *x, const struct expr_place *pl);
size_t names_dim(const struct expr_place *pl, const struct em_problem *p, unsigned d);
enum em_status expr_node_number(struct expr_look *x, size_t node, double *out);

#endif
