/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A condition stops where it begins to hold: after that it has to fail once before it stops again. One that speaks of the last entry
 * (falls, rises, changes) stops each time. */
#include "command/breaks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "elbow/match.h"

enum point_kind { POINT_BREAK, POINT_WATCH, POINT_CATCH };
static const char *const kind_names[] = {"break", "watch", "catch"};
static const char *const catches[] = {"empty", "duplicate"};
enum { CATCH_EMPTY, CATCH_DUPLICATE, CATCHES };

/* Components nearer than this are duplicates; those expected to be smaller than one unit are empty. */
static const double near_by = 1e-3, smallest = 1;

struct point {
	size_t number, hits;
	enum point_kind kind;
	struct expr *e;         /* break, watch */
	int which;              /* catch */
	bool off, held, doubted;
	struct expr_value old;  /* watch */
	char idle[160];         /* why it does not fit the run; "" */
};

static void point_free(struct point *p)
{
	expr_free(p->e);
	expr_value_free(&p->old);
}

void breaks_free(struct breaks *b)
{
	for (size_t i = 0; i < b->count; i++)
		point_free(b->all + i);
	free(b->all);
	*b = (struct breaks){0};
}

static void name(const struct point *p, struct buf *out)
{
	const char *text = p->e ? expr_text(p->e) : catches[p->which];
	buf_printf(out, "%s %zu: ", kind_names[p->kind], p->number);
	text_safe(out, text, strlen(text));
}

void breaks_when(const struct em_snapshot *s, struct buf *out)
{
	const struct em_entry *e = s->ledger + s->position;
	const struct em_model *m = s->problem->model;
	if (e->phase == EM_INIT) {
		buf_puts(out, "at the start");
		return;
	}
	buf_printf(out, "after %s %zu", em_entry_name(e), e->iteration);
	if (e->phase == EM_E_PART && e->size == EM_UNIT)
		buf_printf(out, " (%s %zu)", m->observation, e->unit + 1);
	else if (e->phase == EM_M_PART && m->block(s->problem, (unsigned)e->unit))
		buf_printf(out, " (%s)", m->block(s->problem, (unsigned)e->unit));
}

/* ---- the built-in ones ---- */

static bool find_empty(const struct em_snapshot *s, struct buf *why)
{
	bool any = false;
	for (size_t k = 0; s->stats && s->mass && k < s->problem->layout.components; k++)
		if (s->mass[k] < smallest) {
			buf_printf(why, "%s%s %zu has %.3g %ss", any ? ", " : "", s->problem->model->component, k + 1, s->mass[k],
			           em_model_unit(s->problem->model));
			any = true;
		}
	return any;
}

static bool find_duplicate(const struct em_snapshot *s, struct buf *why)
{
	size_t k = s->problem->layout.components;
	for (size_t i = 0; i < k; i++)
		for (size_t j = i + 1; j < k; j++) {
			double d = em_component_distance(s->problem, s->theta, i, s->problem, s->theta, j);
			if (d < near_by) {
				buf_printf(why, "%ss %zu and %zu are %.3g apart (Hellinger)", s->problem->model->component, i + 1, j + 1, d);
				return true;
			}
		}
	return false;
}

/* ---- one after an entry ---- */

static bool becomes(struct point *p, bool holds, bool momentary)
{
	bool stop = holds && (momentary || !p->held);
	p->held = holds;
	p->hits += stop;
	return stop;
}

static bool check_catch(struct point *p, const struct em_snapshot *s, struct buf *said)
{
	struct buf why = {0};
	bool holds = p->which == CATCH_EMPTY ? find_empty(s, &why) : find_duplicate(s, &why);
	bool stop = becomes(p, holds, false);
	if (stop) {
		name(p, said);
		buf_printf(said, ": %s, ", why.s ? why.s : "");
	}
	buf_free(&why);
	return stop;
}

static void fits(struct point *p, enum em_status st, const struct em_err *err)
{
	snprintf(p->idle, sizeof p->idle, "%s", st ? err->msg : "");
}

static bool check_break(struct point *p, const struct em_snapshot *s, struct buf *said)
{
	struct em_err err = {0};
	double holds = 0;
	fits(p, expr_number(p->e, s, &holds, &err), &err);
	if (*p->idle)
		return false;
	bool stop = becomes(p, !isnan(holds) && holds != 0, expr_momentary(p->e)), doubt = isnan(holds) && !p->doubted && s->position > 1;
	p->doubted |= doubt;
	if (!stop && !doubt)
		return false;
	struct buf parts = {0};
	expr_parts(p->e, s, &parts);
	name(p, said);
	buf_printf(said, stop ? " holds: %s, " : " is not known, so it does not hold: %s, ", parts.s ? parts.s : "");
	buf_free(&parts);
	if (!stop) {
		breaks_when(s, said);
		buf_putc(said, '\n');
	}
	return stop;
}

static bool differ(double a, double b)
{
	return a != b && !(isnan(a) && isnan(b));
}

/* The element number i of what a watch looks at, as one would type it. */
static void element(const struct point *p, const struct em_snapshot *s, size_t i, struct buf *out)
{
	struct expr_place at;
	struct em_err none;
	if (expr_name(p->e, s, &at, &none)) {
		buf_printf(out, "number %zu", i + 1);
		return;
	}
	for (unsigned d = at.rank; d-- > 0;) {
		size_t n = at.to[d] - at.from[d] + 1;
		at.from[d] += i % n;
		at.to[d] = at.from[d];
		i /= n;
	}
	expr_place_text(&at, s, out);
}

static void put_number(struct buf *b, double x)
{
	if (isnan(x))
		buf_puts(b, "unknown");
	else
		buf_printf(b, "%.9g", x);
}

static bool check_watch(struct point *p, const struct em_snapshot *s, struct buf *said)
{
	struct em_err err = {0};
	struct expr_value now;
	enum em_status st = expr_eval(p->e, s, &now, &err);
	fits(p, st, &err);
	if (st)
		return false;
	size_t moved = 0, most = 0;
	double size = -1;
	for (size_t i = 0; i < now.count && now.count == p->old.count; i++) {
		double a = expr_at(&p->old, i), b = expr_at(&now, i), d = fabs(b - a);
		if (!differ(a, b))
			continue;
		moved++;
		if (isnan(d) ? size < 0 : d > size) {
			size = isnan(d) ? 0 : d;
			most = i;
		}
	}
	if (moved) {
		name(p, said);
		if (now.count > 1) {
			buf_printf(said, " changed in %zu of %zu numbers, most in ", moved, now.count);
			element(p, s, most, said);
		}
		buf_puts(said, ": ");
		put_number(said, expr_at(&p->old, most));
		buf_puts(said, " became ");
		put_number(said, expr_at(&now, most));
		buf_puts(said, ", ");
		p->hits++;
	}
	expr_value_free(&p->old);
	p->old = now;
	return moved > 0;
}

bool breaks_check(struct breaks *b, const struct em_snapshot *s, struct buf *said)
{
	bool stop = false;
	for (size_t i = 0; i < b->count; i++) {
		struct point *p = b->all + i;
		if (p->off)
			continue;
		bool now = p->kind == POINT_BREAK ? check_break(p, s, said) : p->kind == POINT_WATCH ? check_watch(p, s, said) : check_catch(p, s, said);
		if (now) {
			breaks_when(s, said);
			buf_putc(said, '\n');
		}
		stop |= now;
	}
	return stop;
}

/* ---- the list ---- */

/* What is watched, as it is now; idle where it does not fit. */
static void renew(struct point *p, const struct em_snapshot *s)
{
	struct em_err err = {0};
	struct expr_value now = {0};
	p->held = p->doubted = false;
	if (!p->e)
		return;
	enum em_status st = s ? expr_eval(p->e, s, &now, &err) : EM_OK;
	fits(p, st, &err);
	expr_value_free(&p->old);
	if (!st && p->kind == POINT_WATCH)
		p->old = now;
	else if (!st)
		expr_value_free(&now);
}

void breaks_renew(struct breaks *b, const struct em_snapshot *s, struct buf *said)
{
	for (size_t i = 0; i < b->count; i++) {
		struct point *p = b->all + i;
		bool idle = *p->idle;
		renew(p, s);
		if (idle == (*p->idle != '\0'))
			continue;
		name(p, said);
		if (*p->idle)
			buf_printf(said, " is idle here: %s\n", p->idle);
		else
			buf_puts(said, " is awake again\n");
	}
}

static enum em_status parse(struct point *p, const char *text, const struct em_snapshot *s, struct em_err *err)
{
	struct expr_value v = {0};
	enum em_status st = expr_parse(text, &p->e, err);
	if (st)
		return st;
	if (p->kind == POINT_BREAK && !expr_is_condition(p->e))
		return em_fail(err, EM_USAGE, "\"%.100s\" is no condition: compare it with something, as in delta < 1e-3; watch stops when it changes", text);
	if (!s)
		return EM_OK;
	double one;
	st = p->kind == POINT_BREAK ? expr_number(p->e, s, &one, err) : expr_eval(p->e, s, &v, err);
	expr_value_free(&v);
	return st;
}

static enum em_status parse_catch(struct point *p, const char *text, struct em_err *err)
{
	if (strcmp(text, "breach") == 0 || strcmp(text, "nonfinite") == 0)
		return em_fail(err, EM_USAGE, "%s is always caught", text);
	for (p->which = 0; p->which < CATCHES; p->which++)
		if (strcmp(text, catches[p->which]) == 0)
			return EM_OK;
	return em_fail(err, EM_USAGE, "catch what? empty or duplicate (breach and nonfinite are always caught), not \"%.60s\"", text);
}

enum em_status breaks_add(struct breaks *b, const char *what, const char *text, const struct em_snapshot *s, struct buf *said, struct em_err *err)
{
	struct point p = {.number = b->last + 1};
	while (p.kind < POINT_CATCH && strcmp(what, kind_names[p.kind]) != 0)
		p.kind++;
	enum em_status st = p.kind == POINT_CATCH ? parse_catch(&p, text, err) : parse(&p, text, s, err);
	if (!st && b->count == b->room) {
		size_t room = b->room ? 2 * b->room : 8;
		struct point *grown = realloc(b->all, room * sizeof *grown);
		if (grown) {
			b->all = grown;
			b->room = room;
		} else {
			st = em_no_memory(err);
		}
	}
	if (st) {
		point_free(&p);
		return st;
	}
	renew(&p, s);
	b->last++;
	b->all[b->count++] = p;
	name(&p, said);
	if (p.kind == POINT_WATCH && s && p.old.count == 1) {
		buf_puts(said, " is ");
		put_number(said, p.old.one);
	}
	return EM_OK;
}

enum em_status breaks_change(struct breaks *b, const char *what, size_t number_of, struct buf *said, struct em_err *err)
{
	size_t kept = 0, met = 0, count = b->count;
	for (size_t i = 0; i < count; i++) {
		struct point *p = b->all + i;
		bool its = number_of == 0 || p->number == number_of, gone = its && strcmp(what, "delete") == 0;
		met += its;
		if (gone) {
			point_free(p);
			continue;
		}
		if (its) {
			p->off = strcmp(what, "disable") == 0;
			p->held = false;
		}
		b->all[kept++] = *p;
	}
	b->count = kept;
	if (met == 0 && number_of)
		return em_fail(err, EM_USAGE, count ? "no break %zu; info breaks lists them" : "no break %zu; there are none", number_of);
	buf_printf(said, "%zu %s%s", met, strcmp(what, "delete") == 0 ? "deleted" : what, strcmp(what, "delete") == 0 ? "" : "d");
	return EM_OK;
}

void breaks_list(const struct breaks *b, struct buf *out)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct point *p = b->all + i;
		name(p, out);
		buf_printf(out, "; %zu stop%s", p->hits, p->hits == 1 ? "" : "s");
		if (p->off)
			buf_puts(out, "; disabled");
		else if (*p->idle)
			buf_printf(out, "; idle: %s", p->idle);
		buf_putc(out, '\n');
	}
	buf_puts(out, "catch breach, catch nonfinite: always\n");
}

/* ---- as a line: "3 break on 2 delta < 1e-6": number, kind, on or off, hits, what ---- */

bool breaks_save(const struct breaks *b, size_t i, struct buf *line)
{
	if (i >= b->count)
		return false;
	const struct point *p = b->all + i;
	buf_printf(line, "%zu %s %s %zu %s", p->number, kind_names[p->kind], p->off ? "off" : "on", p->hits, p->e ? expr_text(p->e) : catches[p->which]);
	return true;
}

enum em_status breaks_load(struct breaks *b, const char *line, struct em_err *err)
{
	size_t number, hits;
	char kind[16], on[8];
	int at = 0;
	struct buf said = {0};
	if (sscanf(line, "%zu %15s %7s %zu %n", &number, kind, on, &hits, &at) != 4 || !at || number <= b->last ||
	    (strcmp(kind, "break") != 0 && strcmp(kind, "watch") != 0 && strcmp(kind, "catch") != 0))
		return em_fail(err, EM_INPUT, "\"%.80s\" is no break", line);
	b->last = number - 1;
	enum em_status st = breaks_add(b, kind, line + at, NULL, &said, err);
	buf_free(&said);
	if (st)
		return st;
	b->all[b->count - 1].off = strcmp(on, "off") == 0;
	b->all[b->count - 1].hits = hits;
	return EM_OK;
}
