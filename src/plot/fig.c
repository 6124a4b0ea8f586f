/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "plot/fig_parts.h"

double fig_x_of(const double *x, size_t i)
{
	return x ? x[i] : (double)i;
}

enum color fig_series_color(const struct fig *f, size_t i)
{
	return f->series[i].color != COLOR_DEFAULT ? f->series[i].color : color_series((unsigned)i);
}

enum fig_mark fig_series_mark(const struct fig *f, size_t i)
{
	return f->series[i].mark != MARK_AUTO ? f->series[i].mark : (enum fig_mark)(MARK_DOT + (int)(i % 6));
}

uint32_t fig_mark_code(enum fig_mark m, bool ascii)
{
	static const uint32_t glyphs[] = {' ', ' ', 0x25cf, 0x25b2, 0x25c6, 0x25a0, 0xd7, '+'};
	static const char letters[] = "  o^*#x+";
	if ((unsigned)m > MARK_PLUS)
		return ' ';
	return ascii ? (uint32_t)letters[m] : glyphs[m];
}

bool fig_is_below(const struct fig *f, double y)
{
	return f->y_scale == AXIS_LOG10 && y <= 0 && isfinite(y);
}

bool fig_is_dimmed(const struct fig *f, size_t i)
{
	bool any = false;
	for (size_t j = 0; j < f->series_n; j++)
		any |= f->series[j].focus;
	return any && !f->series[i].focus;
}

size_t fig_last_seen(const struct fig *f, const struct fig_axes *a, const struct fig_series *s)
{
	for (size_t i = s->n; i-- > 0;) {
		double px = axis_place(&a->x, fig_x_of(s->x, i)), py = axis_place(&a->y, s->y[i]);
		if (!fig_is_below(f, s->y[i]) && px >= 0 && px <= 1 && py >= 0 && py <= 1)
			return i;
	}
	return s->n;
}

bool fig_kl_known(const struct fig_bar *b)
{
	return b->known != FIG_UNKNOWN && isfinite(b->kl);
}

bool fig_has_known(const struct fig *f, enum fig_known known)
{
	for (size_t i = 0; i < f->bars_n; i++)
		if ((fig_kl_known(&f->bars[i]) ? f->bars[i].known : FIG_UNKNOWN) == known)
			return true;
	return false;
}

const char *fig_known_word(enum fig_known known)
{
	static const char *const words[] = {"exact", "estimate", "bound", "unknown"};
	return (unsigned)known <= FIG_UNKNOWN ? words[known] : "unknown";
}

void fig_kl_text(const struct fig_bar *b, char *out, size_t size)
{
	/* Small parts of a bar show no texture: the number itself says what it is. */
	static const char *const signs[] = {"", "~", "≥", ""};
	double kl = fabs(b->kl);
	if (!fig_kl_known(b))
		snprintf(out, size, "?");
	else if (kl >= 0.005 || kl == 0)
		snprintf(out, size, "%s%s", signs[b->known],
		         number_fixed(b->kl, kl == 0 ? 0 : kl < 1 ? 2 : kl < 10000 ? 1 : 0).s);
	else
		snprintf(out, size, "%s%s", signs[b->known], number_short(b->kl, 1).s);
	size_t n = strlen(out);
	if (b->doubtful && fig_kl_known(b))
		snprintf(out + n, size - n, "?");
}

void fig_y_title(const struct fig *f, const struct fig_axes *a, char *out, size_t size)
{
	axis_title(&a->y, f->y_title, out, size);
	if (f->bars_n > 0 && (a->y.lo > 0 || a->y.hi < 0)) {
		size_t n = strlen(out);
		snprintf(out + n, size - n, "%saxis cut", n ? ", " : "");
	}
}

/* ---- ranges ---- */

static void widen(struct fig_range *r, double x)
{
	if (isfinite(x)) {
		r->lo = fmin(r->lo, x);
		r->hi = fmax(r->hi, x);
	}
}

static bool given(struct fig_range r)
{
	return r.lo < r.hi;
}

static struct fig_range x_range(const struct fig *f)
{
	struct fig_range r = {INFINITY, -INFINITY};
	if (given(f->x))
		return f->x;
	for (size_t s = 0; s < f->series_n; s++)
		for (size_t i = 0; i < f->series[s].n; i++)
			widen(&r, fig_x_of(f->series[s].x, i));
	for (size_t b = 0; b < f->bands_n; b++)
		for (size_t i = 0; i < f->bands[b].n; i++)
			widen(&r, fig_x_of(f->bands[b].x, i));
	return r;
}

static bool has(struct fig_range r, double x)
{
	return x >= r.lo && x <= r.hi;
}

/* The values that are seen between the ends of x. */
static struct fig_range y_range(const struct fig *f, struct fig_range x, size_t *below)
{
	struct fig_range r = {INFINITY, -INFINITY};
	for (size_t s = 0; s < f->series_n; s++)
		for (size_t i = 0; i < f->series[s].n; i++) {
			double y = f->series[s].y[i];
			if (!has(x, fig_x_of(f->series[s].x, i)))
				continue;
			if (fig_is_below(f, y))
				++*below;
			else
				widen(&r, y);
		}
	for (size_t b = 0; b < f->bands_n; b++)
		for (size_t i = 0; i < f->bands[b].n; i++)
			if (has(x, fig_x_of(f->bands[b].x, i))) {
				widen(&r, fig_is_below(f, f->bands[b].lo[i]) ? NAN : f->bands[b].lo[i]);
				widen(&r, fig_is_below(f, f->bands[b].hi[i]) ? NAN : f->bands[b].hi[i]);
			}
	for (size_t l = 0; l < f->lines_n; l++)
		if (!f->lines[l].vertical && !fig_is_below(f, f->lines[l].at))
			widen(&r, f->lines[l].at);
	return given(f->y) ? f->y : r;
}

/* From below the lowest ELBO, so that every bar has a foot, to above the highest evidence, where numbers go. */
static struct fig_range bars_range(const struct fig *f, int rows)
{
	struct fig_range r = {INFINITY, -INFINITY};
	for (size_t i = 0; i < f->bars_n; i++) {
		const struct fig_bar *b = &f->bars[i];
		widen(&r, b->elbo);
		if (!fig_kl_known(b))
			continue;
		widen(&r, b->elbo + b->kl);
		if (b->known == FIG_ESTIMATE && b->error > 0)
			widen(&r, b->elbo + b->kl + b->error);
	}
	if (given(f->y))
		return f->y;
	double span = r.hi - r.lo;
	if (!(span > 0))
		span = fmax(fabs(r.hi) * 1e-3, 1e-6);
	r.lo -= span * 0.25;
	double line = rows > 3 ? 1.6 / rows : 0.1; /* of the whole height, for the numbers above the bars */
	r.hi += (r.hi - r.lo) * line / (1 - line);
	return r;
}

/* ---- axes ---- */

/* Labels, centred under their ticks, stay two columns apart. */
static bool labels_fit(const struct axis *a, int columns)
{
	double free = -1e9;
	for (size_t i = 0; i < a->n; i++) {
		if (a->ticks[i].minor)
			continue;
		double middle = axis_place(a, a->ticks[i].value) * columns, half = (double)text_width(a->ticks[i].label) / 2;
		if (middle - half < free + 2)
			return false;
		free = middle + half;
	}
	return true;
}

static void make_x(const struct fig *f, int columns, struct axis *x)
{
	struct fig_range r = x_range(f);
	if (f->bars_n > 0)
		r = (struct fig_range){-0.5, (double)f->bars_n - 0.5};
	for (int wanted = columns / 4 > 12 ? 12 : columns / 4; wanted >= 2; wanted--) {
		axis_linear(x, r.lo, r.hi, wanted, f->x_integer, false);
		if (labels_fit(x, columns))
			return;
	}
	axis_linear(x, r.lo, r.hi, 2, f->x_integer, false);
}

void fig_axes(const struct fig *f, int columns, int rows, struct fig_axes *a)
{
	a->below = 0;
	make_x(f, columns, &a->x);
	struct fig_range x = {a->x.lo, a->x.hi};
	struct fig_range y = f->bars_n > 0 ? bars_range(f, rows) : y_range(f, x, &a->below);
	int wanted = (rows + 4) / 3;
	if (f->y_scale == AXIS_LOG10 && f->bars_n == 0) {
		axis_log10(&a->y, y.lo, y.hi, wanted);
		return;
	}
	axis_linear_nice(&a->y, y.lo, y.hi, wanted, false, !f->whole_labels);
	/* Round ends if that costs little of the height. */
	if (given(f->y) || f->bars_n > 0 || a->y.hi - a->y.lo > 1.2 * (y.hi - y.lo))
		axis_linear(&a->y, y.lo, y.hi, wanted, false, !f->whole_labels);
}
