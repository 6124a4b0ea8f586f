/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * q(theta) against the exact p(theta|w): two curves over theta_1, or contours of q over the shaded posterior on the simplex of three
 * topics. Densities are kept as logarithms until they are compared with their largest. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/special.h"
#include "plot/fig.h"
#include "view/arrays.h"
#include "view/pane.h"
#include "view/ranks.h"
#include "view/reader.h"

/* log Dir(theta; a); 0 log 0 = 0. */
static double log_dirichlet(const double *a, const double *log_theta, size_t k)
{
	double sum = special_log_norm(a, k);
	for (size_t i = 0; i < k; i++)
		sum += a[i] == 1 ? 0 : (a[i] - 1) * log_theta[i];
	return sum;
}

/* log p(theta|w). */
static double log_exact(const struct em_document *d, double log_p, const double *log_theta)
{
	double sum = log_dirichlet(d->alpha, log_theta, d->topics) - log_p;
	for (size_t w = 0; w < d->pairs; w++) {
		const double *beta = d->beta + d->term[w] * d->stride;
		double s = 0;
		for (size_t i = 0; i < d->topics; i++)
			s += beta[i] * exp(log_theta[i]);
		sum += d->count[w] * log(s);
	}
	return sum;
}

/* ---- two topics ---- */

enum { SAMPLES = 240 };

static void curves(struct canvas *c, struct rect r, const struct mind *m, const struct em_document *d)
{
	double x[SAMPLES], q[SAMPLES], exact[SAMPLES], top = 0;
	for (size_t i = 0; i < SAMPLES; i++) {
		x[i] = ((double)i + 0.5) / SAMPLES;
		double log_theta[2] = {log(x[i]), log1p(-x[i])};
		q[i] = exp(fmin(log_dirichlet(m->gamma, log_theta, 2), 300));
		exact[i] = exp(fmin(log_exact(d, m->truth->posterior->log_p, log_theta), 300));
		if (i >= SAMPLES / 50 && i < SAMPLES - SAMPLES / 50) /* the ends may have no bound */
			top = fmax(top, fmax(q[i], exact[i]));
	}
	for (size_t i = 0; i < SAMPLES; i++) {
		q[i] = q[i] > 1.15 * top ? NAN : q[i];
		exact[i] = exact[i] > 1.15 * top ? NAN : exact[i];
	}
	struct fig_series s[2] = {
	    {.label = "q", .x = x, .y = q, .n = SAMPLES, .mark = MARK_NONE, .color = COLOR_ELBO},
	    {.label = "p(θ|w)", .x = x, .y = exact, .n = SAMPLES, .mark = MARK_NONE, .color = COLOR_EVIDENCE},
	};
	struct fig f = {.x_title = "share of topic 1", .y_title = "density", .x = {0, 1}, .y = {0, top > 0 ? 1.15 * top : 1},
	                .series = s, .series_n = 2, .no_end_labels = true, .whole_labels = true, .legend = true};
	fig_canvas(&f, c, r);
}

/* ---- three topics ---- */

enum { SUB = 3, LEVELS = 3, CONTOURS = 2 };

/* The masses that the shades hold, from the darkest, and q's contours. */
static const double shaded[LEVELS] = {0.5, 0.8, 0.95}, drawn[CONTOURS] = {0.5, 0.95};

struct ternary {
	struct rect r;        /* of the triangle, without the labels of its corners */
	double side;          /* columns */
	double *q, *exact;    /* [r.h][r.w] masses of cells; -1 outside */
	double floor[LEVELS + CONTOURS]; /* the smallest mass of a cell that is within */
};

/* theta of a point, in columns and rows from the top left; false outside. Topic 1 left, 2 right, 3 on top. */
static bool theta_at(const struct ternary *t, double x, double y, double theta[3])
{
	theta[2] = 1 - y / t->r.h;
	theta[1] = x / t->side - theta[2] / 2;
	theta[0] = 1 - theta[1] - theta[2];
	return theta[0] > 0 && theta[1] > 0 && theta[2] > 0;
}

static int falling(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x > y ? -1 : x < y;
}

/* The mass of the smallest cell among those that together first hold `part` of all. */
static void floors(const double *mass, double *room, size_t n, const double *part, size_t parts, double *out)
{
	size_t used = 0, i = 0;
	double all = 0, sum = 0;
	for (size_t j = 0; j < n; j++)
		if (mass[j] > 0)
			all += room[used++] = mass[j];
	qsort(room, used, sizeof *room, falling);
	for (size_t k = 0; k < parts; k++) {
		for (; i < used && sum < part[k] * all; i++)
			sum += room[i];
		out[k] = i > 0 ? room[i - 1] : HUGE_VAL;
	}
}

/* Log densities at the points of each cell, then their sums as fractions of the largest. */
static bool fill(struct ternary *t, const struct mind *m, const struct em_document *d)
{
	size_t cells = (size_t)t->r.w * (size_t)t->r.h, points = cells * SUB * SUB;
	double *at = malloc((2 * points + 3 * cells + 1) * sizeof *at), *other = at + points, top = -INFINITY, top_other = -INFINITY;
	if (!at)
		return false;
	for (size_t i = 0; i < points; i++) {
		size_t cell = i / (SUB * SUB), sub = i % (SUB * SUB);
		double x = (double)(cell % (size_t)t->r.w) + ((double)(sub % SUB) + 0.5) / SUB, theta[3], log_theta[3];
		double y = (double)(cell / (size_t)t->r.w) + ((double)(sub / SUB) + 0.5) / SUB;
		bool inside = theta_at(t, x, y, theta);
		for (size_t k = 0; k < 3 && inside; k++)
			log_theta[k] = log(theta[k]);
		at[i] = inside ? log_dirichlet(m->gamma, log_theta, 3) : NAN;
		other[i] = inside ? log_exact(d, m->truth->posterior->log_p, log_theta) : NAN;
		top = fmax(top, at[i]);
		top_other = fmax(top_other, other[i]);
	}
	t->q = malloc((2 * cells + 1) * sizeof *t->q);
	t->exact = t->q ? t->q + cells : NULL;
	for (size_t i = 0; i < cells && t->q; i++) {
		size_t inside = 0;
		t->q[i] = t->exact[i] = 0;
		for (size_t j = i * SUB * SUB; j < (i + 1) * SUB * SUB; j++) {
			if (isnan(at[j]))
				continue;
			inside++;
			t->q[i] += exp(at[j] - top);
			t->exact[i] += exp(other[j] - top_other);
		}
		if (!inside)
			t->q[i] = t->exact[i] = -1;
	}
	if (t->q) {
		floors(t->exact, at, cells, shaded, LEVELS, t->floor);
		floors(t->q, at, cells, drawn, CONTOURS, t->floor + LEVELS);
	}
	free(at);
	return t->q != NULL;
}

static double q_at(const struct ternary *t, int x, int y)
{
	return x < 0 || y < 0 || x >= t->r.w || y >= t->r.h ? -1 : t->q[(size_t)y * (size_t)t->r.w + (size_t)x];
}

/* On the rim of what q holds at a level. */
static bool on_contour(const struct ternary *t, int x, int y, double floor)
{
	return q_at(t, x, y) >= floor && (q_at(t, x - 1, y) < floor || q_at(t, x + 1, y) < floor || q_at(t, x, y - 1) < floor ||
	                                  q_at(t, x, y + 1) < floor);
}

static void paint(const struct ternary *t, struct canvas *c)
{
	static const uint32_t wide[LEVELS] = {0x2593, 0x2592, 0x2591};
	static const char ascii[] = "#+:";
	bool plain = c->glyphs == GLYPHS_ASCII;
	for (int y = 0; y < t->r.h; y++)
		for (int x = 0; x < t->r.w; x++) {
			double p = t->exact[(size_t)y * (size_t)t->r.w + (size_t)x];
			if (p < 0)
				continue;
			bool edge = q_at(t, x - 1, y) < 0 || q_at(t, x + 1, y) < 0 || y == t->r.h - 1;
			if (edge)
				canvas_set(c, t->r.x + x, t->r.y + y, style_of(COLOR_DIM), plain ? (uint32_t)'.' : 0xb7);
			for (int i = 0; i < LEVELS; i++)
				if (p >= t->floor[i]) {
					canvas_set(c, t->r.x + x, t->r.y + y, style_of(COLOR_EVIDENCE), plain ? (uint32_t)ascii[i] : wide[i]);
					break;
				}
			for (int i = CONTOURS - 1; i >= 0; i--)
				if (on_contour(t, x, y, t->floor[LEVELS + i]))
					canvas_set(c, t->r.x + x, t->r.y + y, style_with(COLOR_ELBO, ATTR_BOLD),
					           i ? (plain ? (uint32_t)'o' : 0x25cb) : (plain ? (uint32_t)'@' : 0x25cf));
		}
}

/* "1 harbour" at a corner. */
static void corner(struct ui *ui, struct canvas *c, const struct em_snapshot *s, size_t k, int x, int y, int width, int side)
{
	char text[128];
	const struct rank_top *top = ranks_top(ui, s, k);
	snprintf(text, sizeof text, "%zu %.100s", k + 1, top && top->n ? item_label(s->problem, top->rank[0].id) : "");
	struct style style = style_of(color_series((unsigned)k));
	if (side < 0)
		canvas_put_clipped(c, x, y, width, style, text);
	else if (side > 0)
		canvas_put_right(c, x, y, width, style, text);
	else
		canvas_put_center(c, x, y, width, style, text);
}

static void simplex(struct ui *ui, struct canvas *c, struct rect r, const struct mind *m, const struct em_document *d)
{
	static const char *const keys[2][3] = {
	    {"shaded: 50, 80, 95 % of p(θ|w); ● ○ around 50, 95 % of q", "shaded p(θ|w), ● ○ q: 50, 95 %", "▒ p(θ|w)  ○ q"},
	    {"# + : 50, 80, 95 % of p(θ|w); @ o around 50, 95 % of q", "#+: p(θ|w), @ o q: 50, 95 %", "+ p(θ|w)  o q"},
	};
	const char *const *words = keys[c->glyphs == GLYPHS_ASCII];
	struct ternary t = {0};
	struct rect key = rect_cut_bottom(&r, r.h >= 9 ? 1 : 0), feet = rect_cut_bottom(&r, 1), top = rect_cut_top(&r, 1);
	int h = r.h; /* cells are twice as high as wide */
	double side = h * 2 / sqrt(0.75);
	if (side > r.w) {
		side = r.w;
		h = (int)(side * sqrt(0.75) / 2);
	}
	int w = (int)ceil(side);
	w = w > r.w ? r.w : w;
	if (h < 3 || w < 6)
		return;
	t.r = (struct rect){r.x + (r.w - w) / 2, r.y, w, h};
	t.side = side;
	if (!fill(&t, m, d))
		return;
	paint(&t, c);
	free(t.q);
	corner(ui, c, m->s, 2, t.r.x, top.y, w, 0);
	feet.y = t.r.y + h;
	corner(ui, c, m->s, 0, t.r.x, feet.y, w / 2 - 1, -1);
	corner(ui, c, m->s, 1, t.r.x + w - w / 2 + 1, feet.y, w / 2 - 1, 1);
	for (size_t i = 0; i < 3 && key.h > 0; i++)
		if (canvas_width(c, words[i]) <= key.w) {
			canvas_put_center(c, key.x, feet.y + 1, key.w, style_of(COLOR_DIM), words[i]);
			break;
		}
}

void reader_truth_picture(struct ui *ui, struct canvas *c, struct rect r, const struct mind *m)
{
	struct em_document d;
	const char *text = "";
	if (r.w < 12 || r.h < 5)
		text = "too small";
	else if (!study_of(m->s, m->n, &d))
		text = "There is nothing to compare: q is the posterior, or has none of its own here.";
	else if (m->components != 2 && m->components != 3)
		text = "The picture is of two topics (both densities over the share of one) or of three (the triangle of their shares). For "
		       "more, the intervals beside tell it topic by topic.";
	else if (!m->truth)
		text = "The exact posterior is unknown here, so there is no picture of it.";
	else if (m->components == 2)
		curves(c, r, m, &d);
	else
		simplex(ui, c, r, m, &d);
	pane_text(c, r, style_of(COLOR_DIM), text);
}
