/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An expression taken apart, shared by expr.c (text to tree) and expr_value.c (tree and snapshot to numbers). */
#ifndef ELBOW_COMMAND_EXPR_TREE_H
#define ELBOW_COMMAND_EXPR_TREE_H

#include "command/expr.h"

enum expr_op {
	OP_NUMBER, OP_NAME, OP_CALL,
	OP_OR, OP_AND, OP_NOT, OP_LESS, OP_LESS_EQUAL, OP_MORE, OP_MORE_EQUAL, OP_EQUAL, OP_UNEQUAL,
	OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_NEGATE, OP_POWER,
	OP_FALLS, OP_RISES, OP_CHANGES,
	/* Only as an index of a name. */
	OP_ALL, OP_RANGE, OP_LABEL
};

/* Nodes refer to each other by number; 0 is none. */
struct expr_node {
	enum expr_op op;
	size_t at, length; /* its word in the text, without quotes */
	size_t end;        /* of a name or call with all its brackets */
	double number;
	size_t kid, next;  /* first operand, index or argument; the next of the same parent */
};

struct expr {
	char *text;
	struct expr_node *node;
	size_t count, room, root;
};

enum expr_function { F_SUM, F_MEAN, F_MIN, F_MAX, F_NORM, F_ABS, F_LOG, F_EXP, F_SQRT, F_ARGMAX, F_COUNT, F_DISTANCE, F_HELLINGER, F_FUNCTIONS };
struct expr_known {
	const char *name, *help;
};
extern const struct expr_known expr_functions[]; /* by enum expr_function, ends with NULL */
extern const struct expr_known expr_quantities[];/* ends with NULL */

static inline bool expr_word_is(const struct expr *e, const struct expr_node *n, const char *name)
{
	size_t i = 0;
	while (i < n->length && name[i] && name[i] == e->text[n->at + i])
		i++;
	return i == n->length && !name[i];
}
/* "column 5 of \"kl[\": ..."; returns EM_USAGE. */
enum em_status expr_fail(const struct expr *e, size_t at, struct em_err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
