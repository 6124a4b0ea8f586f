/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expressions over a snapshot of a run: what print, break, watch, continue until, set and explain take.
 *
 *     or, and, not, < <= > >= = !=, + -, * /, unary -, ^ (from the right), X falls | rises | changes, ( ), NAME[i][j], f(x).
 *
 * Parsed once, without a run; names are looked up when it is evaluated. A number that is not known is NAN, and a comparison with it
 * neither holds nor fails. */
#ifndef ELBOW_COMMAND_EXPR_H
#define ELBOW_COMMAND_EXPR_H

#include "base/buf.h"
#include "elbow/run.h"

struct expr;

/* EM_USAGE says where in the text, and what would be right. Owned: expr_free. */
enum em_status expr_parse(const char *text, struct expr **out, struct em_err *err);
void expr_free(struct expr *e); /* NULL is allowed */
const char *expr_text(const struct expr *e);

/* One number, or a block of them. */
struct expr_value {
	size_t count;   /* 1 for a number */
	size_t row;     /* numbers in a line of a printed block */
	double one;     /* of a number */
	double *many;   /* [count], owned; NULL for a number */
};
static inline double expr_at(const struct expr_value *v, size_t i)
{
	return v->many ? v->many[i] : v->one;
}
void expr_value_free(struct expr_value *v);

/* EM_USAGE: a name or an index does not fit this run. Owned: expr_value_free. */
enum em_status expr_eval(const struct expr *e, const struct em_snapshot *s, struct expr_value *out, struct em_err *err);
/* The same where the answer has to be one number. */
enum em_status expr_number(const struct expr *e, const struct em_snapshot *s, double *out, struct em_err *err);
/* "kl[12] = 2.31, delta = 0.0004": what it stands on, names that are one number each, safe for a terminal. */
void expr_parts(const struct expr *e, const struct em_snapshot *s, struct buf *out);
/* How far its number may be believed: log p and KL can be estimates, and those doubtful. */
enum expr_sure { EXPR_SURE, EXPR_ABOUT, EXPR_DOUBTFUL };
enum expr_sure expr_sure(const struct expr *e, const struct em_snapshot *s);
/* It speaks of the last entry only (falls, rises, changes). */
bool expr_momentary(const struct expr *e);
/* It compares, so that it can hold. */
bool expr_is_condition(const struct expr *e);

/* The one name that an expression is, with its indices, from 0. */
enum expr_home { EXPR_QUANTITY, EXPR_TERM, EXPR_THETA, EXPR_Q, EXPR_STATS, EXPR_OBSERVATION, EXPR_SHARE, EXPR_SIZE };
struct expr_place {
	enum expr_home home;
	const char *name;             /* static, or borrowed from the model */
	const struct em_array *array; /* THETA, Q, STATS; borrowed from the snapshot */
	unsigned which;               /* of the quantities, terms or arrays */
	unsigned rank;                /* indices that it has */
	size_t from[3], to[3];        /* inclusive; of those not given the whole range */
};
/* EM_USAGE: it is something else, or does not fit. */
enum em_status expr_name(const struct expr *e, const struct em_snapshot *s, struct expr_place *out, struct em_err *err);
/* An element as one would type it: topics[3][harbour], safe for a terminal. */
void expr_place_text(const struct expr_place *p, const struct em_snapshot *s, struct buf *out);

/* Names for completion: quantities and functions; NULL past the last. Arrays are the model's. */
const char *expr_word(size_t i, const char **help);
bool expr_word_is_function(size_t i);

#endif
