/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a tree and a snapshot to numbers. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sum.h"
#include "base/text.h"
#include "command/expr_names.h"

const struct expr_known expr_functions[] = {
	{"sum", "the sum of a block"},       {"mean", "its mean"},
	{"min", "its least"},                {"max", "its largest"},
	{"norm", "the root of its squares"}, {"abs", "of each number"},
	{"log", "natural, of each number"},  {"exp", "of each number"},
	{"sqrt", "of each number"},          {"argmax", "where its largest is, from 1"},
	{"count", "how many hold, or are not 0"},
	{"distance", "distance(x, y): the root of the squares of x - y"},
	{"hellinger", "hellinger(x, y): between two rows of probabilities, 0 to 1"},
	{NULL, NULL},
};

static enum em_status eval(struct expr_look *x, size_t node, struct expr_value *out);

void expr_value_free(struct expr_value *v)
{
	free(v->many);
	*v = (struct expr_value){0};
}

static struct expr_value number(double one)
{
	return (struct expr_value){.count = 1, .row = 1, .one = one};
}

/* Room for as many numbers. */
static enum em_status shape(struct expr_look *x, size_t count, size_t row, struct expr_value *out)
{
	*out = (struct expr_value){.count = count, .row = row};
	if (count != 1 && !(out->many = calloc(count ? count : 1, sizeof(double))))
		return em_no_memory(x->err);
	return EM_OK;
}

static double *room(struct expr_value *v)
{
	return v->many ? v->many : &v->one;
}

/* Three-valued: NAN is "not known". */
static double truth(bool holds)
{
	return holds ? 1 : 0;
}

static double compute(enum expr_op op, double a, double b)
{
	bool unknown = isnan(a) || isnan(b);
	switch (op) {
	case OP_OR: return (!isnan(a) && a != 0) || (!isnan(b) && b != 0) ? 1 : unknown ? (double)NAN : 0;
	case OP_AND: return (!isnan(a) && a == 0) || (!isnan(b) && b == 0) ? 0 : unknown ? (double)NAN : 1;
	case OP_LESS: return unknown ? (double)NAN : truth(a < b);
	case OP_LESS_EQUAL: return unknown ? (double)NAN : truth(a <= b);
	case OP_MORE: return unknown ? (double)NAN : truth(a > b);
	case OP_MORE_EQUAL: return unknown ? (double)NAN : truth(a >= b);
	case OP_EQUAL: return unknown ? (double)NAN : truth(a == b);
	case OP_UNEQUAL: return unknown ? (double)NAN : truth(a != b);
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return a / b;
	case OP_POWER: return unknown ? (double)NAN : pow(a, b);
	case OP_NOT: return isnan(a) ? a : truth(a == 0);
	case OP_NEGATE: return -a;
	default: return NAN;
	}
}

static enum em_status binary(struct expr_look *x, const struct expr_node *n, struct expr_value *out)
{
	struct expr_value a, b = number(0);
	enum em_status st = eval(x, n->kid, &a);
	if (st)
		return st;
	size_t second = x->e->node[n->kid].next;
	if (second && (st = eval(x, second, &b))) {
		expr_value_free(&a);
		return st;
	}
	bool wide = a.count != 1;
	if (a.count != b.count && a.count != 1 && b.count != 1)
		st = expr_fail(x->e, n->at, x->err, "%zu numbers against %zu; one number, or as many on both sides", a.count, b.count);
	else
		st = shape(x, wide ? a.count : b.count, wide ? a.row : b.row, out);
	for (size_t i = 0; !st && i < out->count; i++)
		room(out)[i] = compute(n->op, expr_at(&a, wide ? i : 0), expr_at(&b, b.count == 1 ? 0 : i));
	expr_value_free(&a);
	expr_value_free(&b);
	return st;
}

/* Now against the entry before. */
static enum em_status against(struct expr_look *x, const struct expr_node *n, struct expr_value *out)
{
	struct expr_value now, then;
	*out = number(0);
	enum em_status st = eval(x, n->kid, &now);
	if (st || x->s->position == 0 || x->before) {
		if (!st)
			expr_value_free(&now);
		return st;
	}
	struct expr_look before = *x;
	before.before = true;
	if ((st = eval(&before, n->kid, &then))) {
		expr_value_free(&now);
		return st;
	}
	const struct em_entry *e = x->s->ledger + x->s->position;
	const struct expr_node *kid = x->e->node + n->kid;
	bool bound = kid->op == OP_NAME && !kid->kid && expr_word_is(x->e, kid, "elbo");
	double slack = bound ? e->allowance : 0; /* rounding is no fall */
	if (n->op == OP_CHANGES) {
		for (size_t i = 0; i < now.count && i < then.count; i++) {
			double a = expr_at(&now, i), b = expr_at(&then, i);
			if (a != b && !(isnan(a) && isnan(b)))
				out->one = 1;
		}
	} else if (now.count != 1) {
		st = expr_fail(x->e, n->at, x->err, "%zu numbers fall or rise each on its own; take one, or sum, max, ... of them", now.count);
	} else if (isnan(now.one) || isnan(then.one)) {
		out->one = NAN;
	} else {
		out->one = truth(n->op == OP_FALLS ? now.one < then.one - slack : now.one > then.one + slack);
	}
	expr_value_free(&now);
	expr_value_free(&then);
	return st;
}

static double reduce(enum expr_function f, const struct expr_value *v)
{
	struct sum sum = {0};
	size_t best = 0, holds = 0;
	bool unknown = false;
	for (size_t i = 0; i < v->count; i++) {
		double a = expr_at(v, i), b = expr_at(v, best);
		unknown |= isnan(a);
		holds += !isnan(a) && a != 0;
		sum_add(&sum, f == F_NORM ? a * a : a);
		if (f == F_MIN ? a < b : a > b)
			best = i;
	}
	if (f == F_COUNT)
		return (double)holds;
	if (unknown || v->count == 0)
		return NAN;
	switch (f) {
	case F_MEAN: return sum_of(&sum) / (double)v->count;
	case F_NORM: return sqrt(sum_of(&sum));
	case F_ARGMAX: return (double)best + 1;
	case F_MIN:
	case F_MAX: return expr_at(v, best);
	default: return sum_of(&sum);
	}
}

static double apart(enum expr_function f, const struct expr_value *a, const struct expr_value *b)
{
	struct sum sum = {0};
	for (size_t i = 0; i < a->count; i++) {
		double p = expr_at(a, i), q = expr_at(b, i), d = f == F_DISTANCE ? p - q : sqrt(p) - sqrt(q);
		sum_add(&sum, d * d);
	}
	return sqrt(f == F_DISTANCE ? sum_of(&sum) : sum_of(&sum) / 2);
}

static enum em_status call(struct expr_look *x, const struct expr_node *n, struct expr_value *out)
{
	enum expr_function f = F_SUM;
	while (f < F_FUNCTIONS && !expr_word_is(x->e, n, expr_functions[f].name))
		f++;
	struct expr_value a, b = number(0);
	enum em_status st = eval(x, n->kid, &a);
	if (st)
		return st;
	size_t second = x->e->node[n->kid].next;
	if (second && (st = eval(x, second, &b))) {
		expr_value_free(&a);
		return st;
	}
	if (second && a.count != b.count) {
		st = expr_fail(x->e, n->at, x->err, "%zu numbers against %zu; %s takes as many on both sides", a.count, b.count, expr_functions[f].name);
	} else if (second) {
		*out = number(apart(f, &a, &b));
	} else if (f == F_ABS || f == F_LOG || f == F_EXP || f == F_SQRT) {
		st = shape(x, a.count, a.row, out);
		for (size_t i = 0; !st && i < a.count; i++) {
			double v = expr_at(&a, i);
			room(out)[i] = f == F_ABS ? fabs(v) : f == F_LOG ? log(v) : f == F_EXP ? exp(v) : sqrt(v);
		}
	} else {
		*out = number(reduce(f, &a));
	}
	expr_value_free(&a);
	expr_value_free(&b);
	return st;
}

static enum em_status eval(struct expr_look *x, size_t node, struct expr_value *out)
{
	const struct expr_node *n = x->e->node + node;
	struct expr_place place;
	enum em_status st;
	*out = (struct expr_value){0};
	switch (n->op) {
	case OP_NUMBER: *out = number(n->number); return EM_OK;
	case OP_NAME:
		st = names_find(x, node, &place);
		return st ? st : names_value(x, &place, out);
	case OP_CALL: return call(x, n, out);
	case OP_FALLS:
	case OP_RISES:
	case OP_CHANGES: return against(x, n, out);
	default: return binary(x, n, out);
	}
}

enum em_status expr_eval(const struct expr *e, const struct em_snapshot *s, struct expr_value *out, struct em_err *err)
{
	struct expr_look x = {e, s, false, err};
	return eval(&x, e->root, out);
}

static enum em_status one_of(struct expr_look *x, size_t at, struct expr_value *v, double *out)
{
	*out = v->one;
	if (v->count == 1)
		return EM_OK;
	enum em_status st = expr_fail(x->e, at, x->err, "%zu numbers where one belongs; take one of them, or sum, max, count, ... of them", v->count);
	expr_value_free(v);
	return st;
}

enum em_status expr_node_number(struct expr_look *x, size_t node, double *out)
{
	struct expr_value v;
	enum em_status st = eval(x, node, &v);
	return st ? st : one_of(x, x->e->node[node].at, &v, out);
}

enum em_status expr_number(const struct expr *e, const struct em_snapshot *s, double *out, struct em_err *err)
{
	struct expr_look x = {e, s, false, err};
	return expr_node_number(&x, e->root, out);
}

enum em_status expr_name(const struct expr *e, const struct em_snapshot *s, struct expr_place *out, struct em_err *err)
{
	struct expr_look x = {e, s, false, err};
	if (e->node[e->root].op != OP_NAME)
		return em_fail(err, EM_USAGE, "\"%.200s\": a name belongs here, with its indices: topics[3][harbour], alpha[2], gamma[12][1]", e->text);
	return names_find(&x, e->root, out);
}

/* ---- what a condition stands on ---- */

static bool has_name(const struct expr *e, size_t node)
{
	if (e->node[node].op == OP_NAME)
		return true;
	for (size_t k = e->node[node].kid; k; k = e->node[k].next)
		if (has_name(e, k))
			return true;
	return false;
}

static enum expr_sure sure_of(struct expr_look *x, size_t node)
{
	const struct expr_node *n = x->e->node + node;
	struct expr_place place;
	enum expr_sure out = EXPR_SURE;
	if (n->op == OP_NAME && !names_find(x, node, &place))
		out = names_sure(x, &place);
	if (n->op >= OP_FALLS && n->op <= OP_CHANGES && !x->before) {
		struct expr_look before = *x;
		before.before = true;
		out = sure_of(&before, n->kid);
	}
	for (size_t k = n->op == OP_NAME ? 0 : n->kid; k; k = x->e->node[k].next) {
		enum expr_sure kid = sure_of(x, k);
		out = kid > out ? kid : out;
	}
	return out;
}

enum expr_sure expr_sure(const struct expr *e, const struct em_snapshot *s)
{
	struct em_err none;
	struct expr_look x = {e, s, false, &none};
	return sure_of(&x, e->root);
}

/* "~2.31?": as on the screen. */
static void put_told(struct buf *b, int digits, double v, enum expr_sure sure)
{
	if (isnan(v)) {
		buf_puts(b, "unknown");
		return;
	}
	buf_printf(b, "%s%.*g%s", sure ? "~" : "", digits, v, sure == EXPR_DOUBTFUL ? "?" : "");
}

static void told(struct expr_look *x, size_t node, bool change, struct buf *out)
{
	const struct expr_node *n = x->e->node + node;
	struct expr_value now, then = number(NAN);
	struct expr_look before = *x;
	before.before = true;
	if (eval(x, node, &now))
		return;
	bool two = change && !eval(&before, node, &then);
	struct buf b = {0}, name = {0};
	text_safe(&name, x->e->text + n->at, n->end - n->at);
	if (now.count == 1) {
		buf_printf(&b, two ? "%s: " : "%s = ", name.s ? name.s : "");
		put_told(&b, two ? 10 : 6, now.one, sure_of(x, node));
		if (two) {
			buf_puts(&b, ", before ");
			put_told(&b, 10, then.one, sure_of(&before, node));
		}
	}
	if (b.len && !(out->len && strstr(out->s, b.s))) {
		buf_puts(out, out->len ? ", " : "");
		buf_puts(out, b.s);
	}
	buf_free(&b);
	buf_free(&name);
	expr_value_free(&now);
	expr_value_free(&then);
}

static void parts(struct expr_look *x, size_t node, bool change, struct buf *out)
{
	const struct expr_node *n = x->e->node + node;
	if (n->op == OP_NAME || (n->op == OP_CALL && has_name(x->e, node)))
		told(x, node, change, out);
	else if (n->op != OP_CALL)
		for (size_t k = n->kid; k; k = x->e->node[k].next)
			parts(x, k, change || (n->op >= OP_FALLS && n->op <= OP_CHANGES), out);
}

void expr_parts(const struct expr *e, const struct em_snapshot *s, struct buf *out)
{
	struct em_err none;
	struct expr_look x = {e, s, false, &none};
	parts(&x, e->root, false, out);
}

const char *expr_word(size_t i, const char **help)
{
	const struct expr_known *k = i < Q_QUANTITIES ? expr_quantities + i : i < Q_QUANTITIES + F_FUNCTIONS ? expr_functions + (i - Q_QUANTITIES) : NULL;
	*help = k ? k->help : NULL;
	return k ? k->name : NULL;
}

bool expr_word_is_function(size_t i)
{
	return i >= Q_QUANTITIES && i < Q_QUANTITIES + F_FUNCTIONS;
}
