/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/arrays.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct em_array *named(const struct em_array *a, unsigned n, const char *name, unsigned rank)
{
	for (unsigned i = 0; i < n; i++)
		if (a[i].rank == rank && strcmp(a[i].name, name) == 0)
			return &a[i];
	return NULL;
}

const struct em_array *array_theta(const struct em_problem *p, const char *name, unsigned rank)
{
	return named(p->layout.theta, p->layout.theta_arrays, name, rank);
}

const struct em_array *array_q(const struct em_problem *p, const char *name, unsigned rank)
{
	return named(p->layout.q, p->layout.q_arrays, name, rank);
}

const struct em_array *array_weights(const struct em_problem *p)
{
	const struct em_array *a = array_theta(p, "topics", 2);
	bool fits = a && p->data->kind == EM_DATA_CORPUS && a->dim[0] == p->layout.components &&
	            a->dim[1] == p->data->corpus->terms;
	return fits ? a : NULL;
}

bool shares_of(const struct em_snapshot *s, const double *q, size_t n, double *out)
{
	const struct em_problem *p = s->problem;
	if (p->model->shares)
		p->model->shares(p, q + n * p->layout.q_stride, n, out);
	return p->model->shares != NULL;
}

double share_of(const struct em_snapshot *s, const double *q, size_t n, size_t k)
{
	double few[64], *share = s->problem->layout.components <= 64 ? few : malloc(s->problem->layout.components * sizeof *share);
	double out = share && k < s->problem->layout.components && shares_of(s, q, n, share) ? share[k] : NAN;
	if (share != few)
		free(share);
	return out;
}

struct sight sight_of(const struct em_snapshot *s)
{
	const struct em_data *d = s->problem->data;
	return (struct sight){s->theta, s->theta_before, s->q,
	                      d->corpus ? (const void *)d->corpus->vocabulary : d,
	                      s->position, s->problem->layout.observations, s->problem->layout.components,
	                      s->ledger[s->position].elbo};
}

bool sight_same(const struct sight *a, const struct sight *b)
{
	return a->theta == b->theta && a->theta_before == b->theta_before && a->q == b->q && a->data == b->data &&
	       a->position == b->position && a->observations == b->observations && a->components == b->components &&
	       memcmp(&a->elbo, &b->elbo, sizeof a->elbo) == 0;
}

const char *item_label(const struct em_problem *p, size_t id)
{
	const struct em_data *d = p->data;
	if (d->corpus)
		return id < d->corpus->terms ? d->corpus->vocabulary[id] : "?";
	if (d->sequences)
		return id < d->sequences->symbols ? d->sequences->alphabet[id] : "?";
	return id < d->points->columns ? d->points->column[id] : "?";
}

const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

char component_letter(size_t k)
{
	if (k < 9)
		return (char)('1' + k);
	return k < 35 ? (char)('a' + (k - 9)) : '+';
}

static int digits_of(size_t n)
{
	int d = 1;
	while (n >= 10) {
		n /= 10;
		d++;
	}
	return d;
}

int component_mark_width(const struct canvas *c, size_t components)
{
	return digits_of(components) + (c->glyphs == GLYPHS_ASCII ? 1 : 0);
}

void component_mark(char out[16], const struct canvas *c, size_t k, size_t components)
{
	static const char *const above[10] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
	char digits[32];
	int width = digits_of(components), n = 0;
	snprintf(digits, sizeof digits, "%0*zu", width > 4 ? 4 : width, k + 1);
	if (c->glyphs == GLYPHS_ASCII) {
		snprintf(out, 16, "/%.8s", digits);
		return;
	}
	out[0] = '\0';
	for (const char *d = digits; *d && n < 12; d++)
		n += snprintf(out + n, 16 - (size_t)n, "%s", above[*d - '0']);
}

void thin_bar(struct canvas *c, struct rect r, enum color color, double value, double full)
{
	if (!(full > 0) || !(value > 0) || r.w < 1)
		return;
	double place = fmin(1, value / full) * 2 * r.w;
	int halves = place < 1 ? 1 : (int)lround(place);
	bool ascii = c->glyphs == GLYPHS_ASCII;
	for (int i = 0; 2 * i < halves; i++)
		if (2 * i + 1 < halves)
			canvas_set(c, r.x + i, r.y, style_of(color), ascii ? '=' : 0x2501);
		else
			canvas_set(c, r.x + i, r.y, style_of(color), ascii ? '-' : 0x2578);
}

/* The number of each part that has room for it, at its left end. */
static void number_parts(struct canvas *c, struct rect r, const double *share, size_t components)
{
	double from = 0;
	for (size_t k = 0; k < components; k++) {
		int x0 = (int)ceil(from * r.w - 1e-9), x1 = (int)floor((from + share[k]) * r.w + 1e-9);
		from += share[k];
		if (x1 - x0 < digits_of(k + 1) + 1)
			continue;
		canvas_printf(c, r.x + x0, r.y, style_with(color_series((unsigned)k), ATTR_REVERSE), "%zu", k + 1);
	}
}

void share_bar(struct canvas *c, struct rect r, const double *share, size_t components)
{
	struct bar_part few[32] = {{0}}, *parts = components <= 32 ? few : malloc(components * sizeof *parts);
	bool letters = c->mono || c->glyphs == GLYPHS_ASCII;
	if (!parts)
		return;
	for (size_t k = 0; k < components; k++)
		parts[k] = (struct bar_part){.value = share[k], .color = color_series((unsigned)k),
		                             .letter = component_letter(k),
		                             .glyph = c->mono ? (uint32_t)component_letter(k) : 0};
	bar_stack_horizontal(c, r, parts, components, 1);
	if (!letters && r.h == 1)
		number_parts(c, r, share, components);
	if (parts != few)
		free(parts);
}
