/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jensen's inequality E[f(v)] <= f(E[v]) drawn: the curve, a chord of it, and the two sides at E[v]; to be moved about,
 * and broken where f is not concave. */
#include "view/jensen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "plot/fig.h"
#include "view/pane.h"
#include "view/ui.h"

enum { SAMPLES = 401, LABEL = 48 };

static const char *const names[JENSEN_ROWS] = {"v1", "v2", "α"};

static const char *formula(const struct canvas *c, const struct jensen_function *f)
{
	return c->glyphs == GLYPHS_ASCII ? f->plain : f->formula;
}

/* A value as one would write it: 2.5, −0.05. */
static struct number plain(double x)
{
	struct number out;
	char s[48];
	snprintf(s, sizeof s, "%.6g", x == 0 ? 0 : x);
	snprintf(out.s, sizeof out.s, "%s%s", s[0] == '-' ? "−" : "", s + (s[0] == '-'));
	return out;
}

static struct number four(double x)
{
	return number_fixed(fabs(x) < 5e-5 ? 0 : x, 4); /* no minus before nothing */
}

/* ---- how it stands ---- */

enum standing { HOLDS, EQUAL, REVERSED, BROKEN, STANDINGS };

static const struct {
	const char *word, *sign, *sentence;
	enum color color;
} standings[STANDINGS] = {
	[HOLDS] = {"holds", "≤", "The inequality holds", COLOR_GOOD},
	[EQUAL] = {"equal", "=", "Both sides are equal", COLOR_DEFAULT},
	[REVERSED] = {"reversed", ">", "The inequality is reversed", COLOR_BAD},
	[BROKEN] = {"BROKEN", ">", "The inequality is broken", COLOR_BAD},
};

static bool is_convex(const struct jensen_function *f)
{
	return !(f->concave < f->until);
}

static bool is_concave(const struct jensen_function *f)
{
	return f->concave <= f->lo && f->until >= f->hi;
}

static enum standing standing(const struct jensen_case *j, const struct jensen_sides *s)
{
	return s->equal ? EQUAL : s->gap > 0 ? HOLDS : is_convex(j->function) ? REVERSED : BROKEN;
}

static bool outside(const struct jensen_function *f, double x)
{
	return x < f->concave || x > f->until;
}

/* Where f is concave, whether v1 and v2 lie there, and what that promises. */
static void say_where(const struct jensen_case *j, const struct jensen_sides *s, char *out, size_t size)
{
	const struct jensen_function *f = j->function;
	enum standing is = standing(j, s);
	int n;
	if (is_convex(f)) {
		snprintf(out, size, "f is concave %s, so every chord lies above it. %s.", f->where, standings[is].sentence);
		return;
	}
	if (is_concave(f)) {
		snprintf(out, size, "f is concave %s, so every chord lies below it. %s, whatever v1, v2 and α are.", f->where,
		         is == EQUAL ? "Both sides are equal here, and never the other way round" : standings[is].sentence);
		return;
	}
	n = snprintf(out, size, "f is concave %s, in [%s, %s]. ", f->where, four(f->concave).s, four(f->until).s);
	bool o1 = outside(f, j->v1), o2 = outside(f, j->v2);
	if (!o1 && !o2)
		n += snprintf(out + n, size - (size_t)n, "v1 and v2 lie inside, so the chord is below the curve. %s.",
		              standings[is].sentence);
	else if (o1 && o2)
		n += snprintf(out + n, size - (size_t)n, "v1 = %s and v2 = %s lie outside: nothing is promised. ", plain(j->v1).s,
		              plain(j->v2).s);
	else
		n += snprintf(out + n, size - (size_t)n, "%s = %s lies outside: nothing is promised. ", o1 ? "v1" : "v2",
		              plain(o1 ? j->v1 : j->v2).s);
	if (o1 || o2)
		snprintf(out + n, size - (size_t)n, "%s%s.", standings[is].sentence, is == HOLDS ? " all the same" : "");
}

static const char why[] =
    "EM needs it for the log, concave everywhere: with v = p(X,Z|θ)/q(Z), log p(X|θ) = log E[v] ≥ E[log v] = ELBO(q,θ). The gap "
    "is KL(q‖p).";

/* ---- the figure ---- */

struct picture_of {
	double x[SAMPLES], y[SAMPLES];
	double band_x[SAMPLES], band_lo[SAMPLES], band_hi[SAMPLES];
	double chord_x[2], chord_y[2], gap_x[2], gap_y[2];
	struct fig_series series[3];
	struct fig_band band;
	struct fig fig;
	size_t bands;
};

/* From where to where x is shown: the part worth seeing, and v1 and v2 with some air. */
static struct fig_range shown(const struct jensen_case *j)
{
	const struct jensen_function *f = j->function;
	double lo = fmin(f->from, fmin(j->v1, j->v2)), hi = fmax(f->to, fmax(j->v1, j->v2));
	return (struct fig_range){lo, hi};
}

static void sample(struct picture_of *p, const struct jensen_function *f, struct fig_range x)
{
	double lo = HUGE_VAL, hi = -HUGE_VAL;
	size_t n = 0;
	for (size_t i = 0; i < SAMPLES; i++) {
		p->x[i] = x.lo + (x.hi - x.lo) * (double)i / (SAMPLES - 1);
		p->y[i] = f->f(p->x[i]);
		lo = fmin(lo, p->y[i]);
		hi = fmax(hi, p->y[i]);
	}
	double air = 0.12 * (hi - lo); /* above, for a label */
	p->fig.x = x;
	p->fig.y = (struct fig_range){lo, hi + air};
	for (size_t i = 0; i < SAMPLES; i++)
		if (!is_convex(f) && p->x[i] >= f->concave && p->x[i] <= f->until) {
			p->band_x[n] = p->x[i];
			p->band_lo[n] = lo;
			p->band_hi[n++] = p->y[i];
		}
	p->band = (struct fig_band){"concave", p->band_x, p->band_lo, p->band_hi, n, COLOR_BAND};
	p->bands = n > 1 ? 1 : 0;
}

static void compose(struct picture_of *p, const struct jensen_case *j, const struct jensen_sides *s)
{
	*p = (struct picture_of){.chord_x = {j->v1, j->v2}, .chord_y = {s->f1, s->f2}, .gap_x = {s->mean, s->mean},
	                         .gap_y = {s->mean_f, s->f_mean}};
	sample(p, j->function, shown(j));
	p->series[0] = (struct fig_series){.label = "f", .x = p->x, .y = p->y, .n = SAMPLES, .mark = MARK_NONE,
	                                   .color = COLOR_EVIDENCE};
	p->series[1] = (struct fig_series){.label = "chord", .x = p->chord_x, .y = p->chord_y, .n = 2, .mark = MARK_NONE,
	                                   .color = COLOR_ELBO};
	p->series[2] = (struct fig_series){.label = "gap", .x = p->gap_x, .y = p->gap_y, .n = 2, .mark = MARK_NONE,
	                                   .color = s->gap < 0 && !s->equal ? COLOR_BAD : COLOR_KL};
	p->fig.x_title = "x";
	p->fig.y_title = "f(x)";
	p->fig.series = p->series;
	p->fig.series_n = 3;
	p->fig.bands = &p->band;
	p->fig.bands_n = p->bands;
	p->fig.no_end_labels = true;
	p->fig.whole_labels = true;
	p->fig.legend = true;
}

/* A mark and its label, which keeps clear of the others. */
struct spot {
	double x, y;
	enum fig_mark mark;
	enum color color;
	int away; /* rows down (1) or up (-1) lead away from the curve and the chord */
	char text[LABEL];
};

enum { SPOTS = 4 };

static uint32_t glyph(const struct canvas *c, enum fig_mark m)
{
	static const struct {
		uint32_t wide;
		char ascii;
	} glyphs[] = {[MARK_DOT] = {0x25cf, 'o'}, [MARK_DIAMOND] = {0x25c6, '*'}, [MARK_SQUARE] = {0x25a0, '#'}};
	return c->glyphs == GLYPHS_ASCII ? (uint32_t)glyphs[m].ascii : glyphs[m].wide;
}

static bool meets(const struct rect *taken, int n, struct rect r)
{
	for (int i = 0; i < n; i++)
		if (r.y == taken[i].y && r.x < taken[i].x + taken[i].w && taken[i].x < r.x + r.w)
			return true;
	return false;
}

/* Right of the mark, left of it, a row or two away from the other side's mark, or towards it: wherever it is free. */
static void put_label(struct canvas *c, struct rect plot, const struct spot *s, struct rect taken[2 * SPOTS], int *n, int mark)
{
	static const int rows[2][3] = {{0, 1, 2}, {-1, -2, 3}};
	int w = canvas_width(c, s->text), x = taken[mark].x, y = taken[mark].y;
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 3; k++) {
			struct rect r = {i % 2 ? x - w - 1 : x + 2, y + s->away * rows[i / 2][k], w, 1};
			if (r.x < plot.x || r.x + w > plot.x + plot.w || r.y < plot.y || r.y >= plot.y + plot.h || meets(taken, *n, r))
				continue;
			canvas_put(c, r.x, r.y, style_with(s->color, ATTR_BOLD), s->text);
			taken[(*n)++] = r;
			return;
		}
}

static void draw_spots(const struct fig *f, const struct jensen_case *j, const struct jensen_sides *s, struct canvas *c,
                       struct rect r)
{
	int down = s->gap < 0 ? -1 : 1;
	struct spot spots[SPOTS] = {
		{s->mean, s->mean_f, MARK_DIAMOND, COLOR_ELBO, down, ""},
		{s->mean, s->f_mean, MARK_DOT, COLOR_EVIDENCE, -down, ""},
		{j->v1, s->f1, MARK_SQUARE, COLOR_ACCENT, 1, ""},
		{j->v2, s->f2, MARK_SQUARE, COLOR_ACCENT, 1, ""},
	};
	struct rect plot = fig_plot_rect(f, c, r), taken[2 * SPOTS];
	int n = 0;
	bool numbers = plot.w >= 40;
	static const char *const heads[SPOTS] = {"E[f(v)]", "f(E[v])", "f(v1)", "f(v2)"};
	for (int i = 0; i < SPOTS; i++) {
		snprintf(spots[i].text, LABEL, numbers ? "%s %s" : "%s", heads[i], four(spots[i].y).s);
		int x = fig_x_to_column(f, c, r, spots[i].x), y = fig_y_to_row(f, c, r, spots[i].y);
		taken[n++] = (struct rect){x, y, 1, 1};
		if (x >= 0 && y >= 0)
			canvas_set(c, x, y, style_with(spots[i].color, ATTR_BOLD), glyph(c, spots[i].mark));
	}
	for (int i = 0; i < SPOTS && plot.w >= 16 && plot.h >= 4; i++)
		if (taken[i].x >= 0 && taken[i].y >= 0)
			put_label(c, plot, &spots[i], taken, &n, i);
}

static void draw_figure(struct ui *ui, struct canvas *c, struct rect r, const struct jensen_sides *s)
{
	const struct jensen_case *j = &ui->jensen.now;
	struct picture_of *p = malloc(sizeof *p);
	if (!p) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
		return;
	}
	compose(p, j, s);
	fig_canvas(&p->fig, c, r);
	ui->plot = fig_plot_rect(&p->fig, c, r);
	draw_spots(&p->fig, j, s, c, r);
	free(p);
}

/* ---- numbers and words ---- */

static void draw_row(struct canvas *c, struct rect r, const struct ui_jensen *j, const struct jensen_sides *s, int row)
{
	const double value[JENSEN_ROWS] = {j->now.v1, j->now.v2, j->now.alpha};
	char right[LABEL];
	bool here = j->row == (enum ui_jensen_row)row;
	if (here)
		canvas_put_clipped(c, r.x, r.y, 1, style_with(COLOR_ACCENT, ATTR_BOLD), "▸");
	canvas_put_clipped(c, r.x + 2, r.y, r.w - 2, style_with(here ? COLOR_ACCENT : COLOR_DIM, here ? ATTR_BOLD : 0), names[row]);
	canvas_put_clipped(c, r.x + 10, r.y, r.w - 10, style_with(here ? COLOR_ACCENT : COLOR_DEFAULT, here ? ATTR_BOLD : 0),
	                   plain(value[row]).s);
	if (row == JENSEN_ALPHA)
		snprintf(right, sizeof right, "probability of v1");
	else
		snprintf(right, sizeof right, "f(%s) %s", names[row], four(row == JENSEN_V1 ? s->f1 : s->f2).s);
	canvas_put_clipped(c, r.x + 18, r.y, r.w - 18, style_of(row == JENSEN_ALPHA ? COLOR_DIM : COLOR_DEFAULT), right);
}

static void draw_side(struct canvas *c, struct rect r, int y, const char *head, double value, const char *note, enum color color)
{
	if (y >= r.h)
		return;
	canvas_put_clipped(c, r.x + 2, r.y + y, r.w - 2, style_of(COLOR_DIM), head);
	canvas_put_clipped(c, r.x + 10, r.y + y, r.w - 10, style_with(color, ATTR_BOLD), note ? four(value).s : plain(value).s);
	if (note)
		canvas_put_clipped(c, r.x + 18, r.y + y, r.w - 18, style_of(COLOR_DIM), note);
}

/* Returns the rows used. */
static int draw_numbers(struct canvas *c, struct rect r, const struct ui_jensen *j, const struct jensen_sides *s)
{
	char text[160];
	enum standing is = standing(&j->now, s);
	if (r.h < 1)
		return 0;
	snprintf(text, sizeof text, "f(x) = %s", formula(c, j->now.function));
	canvas_put_clipped(c, r.x, r.y, r.w, style_with(COLOR_TITLE, ATTR_BOLD), text);
	for (int i = 0; i < JENSEN_ROWS && i + 1 < r.h; i++)
		draw_row(c, (struct rect){r.x, r.y + 1 + i, r.w, 1}, j, s, i);
	draw_side(c, r, 4, "E[v]", s->mean, NULL, COLOR_DEFAULT);
	draw_side(c, r, 5, "E[f(v)]", s->mean_f, "on the chord", COLOR_ELBO);
	draw_side(c, r, 6, "f(E[v])", s->f_mean, "on the curve", COLOR_EVIDENCE);
	draw_side(c, r, 7, "gap", s->gap, "f(E[v]) − E[f(v)]", s->gap < 0 && !s->equal ? COLOR_BAD : COLOR_KL);
	if (r.h < 9)
		return r.h < 8 ? r.h : 8;
	snprintf(text, sizeof text, "E[f(v)] %s f(E[v]): %s", standings[is].sign, standings[is].word);
	return 8 + pane_text(c, (struct rect){r.x, r.y + 8, r.w, r.h - 8}, style_with(standings[is].color, ATTR_BOLD), text);
}

static void draw_words(struct canvas *c, struct rect r, const struct ui_jensen *j, const struct jensen_sides *s)
{
	char text[400];
	int y = 0;
	if (j->said[0])
		y += pane_text(c, r, style_of(COLOR_WARN), j->said);
	say_where(&j->now, s, text, sizeof text);
	const char *const parts[] = {text, why};
	const enum color color[] = {COLOR_DEFAULT, COLOR_DIM};
	for (int i = 0; i < 2 && y < r.h; i++) {
		bool air = y > 0 && r.h - y > pane_rows(c, r.w, parts[i]);
		y += air ? 1 : 0;
		y += pane_text(c, (struct rect){r.x, r.y + y, r.w, r.h - y}, style_of(color[i]), parts[i]);
	}
}

/* Few cells: the result first. */
static void draw_brief(struct canvas *c, struct rect r, const struct ui_jensen *j, const struct jensen_sides *s)
{
	char text[200];
	enum standing is = standing(&j->now, s);
	snprintf(text, sizeof text, "E[f(v)] %s %s f(E[v]) %s: %s\nf(x) = %s\nv1 %s, v2 %s, α %s", four(s->mean_f).s,
	         standings[is].sign, four(s->f_mean).s, standings[is].word, formula(c, j->now.function), plain(j->now.v1).s,
	         plain(j->now.v2).s, plain(j->now.alpha).s);
	pane_text(c, r, style_of(standings[is].color), text);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	(void)pic;
	const struct ui_jensen *j = &ui->jensen;
	struct jensen_sides s = jensen_sides_of(&j->now);
	if (r.w < 36 || r.h < 6) {
		draw_brief(c, r, j, &s);
		return;
	}
	if (r.w >= 66) {
		int words = r.w * 45 / 100;
		struct rect right = rect_cut_right(&r, words > 60 ? 60 : words);
		rect_cut_right(&r, 2);
		int used = draw_numbers(c, right, j, &s);
		rect_cut_top(&right, used + (right.h - used > 8 ? 1 : 0));
		draw_words(c, right, j, &s);
	} else {
		struct rect top = rect_cut_top(&r, r.h < 20 ? r.h / 2 < 9 ? r.h / 2 : 9 : 10);
		rect_cut_top(&top, draw_numbers(c, top, j, &s));
		draw_words(c, rect_cut_bottom(&r, r.h >= 16 ? r.h / 2 : 0), j, &s);
	}
	draw_figure(ui, c, r, &s);
}

/* ---- commands ---- */

void ui_jensen_init(struct ui_jensen *j)
{
	*j = (struct ui_jensen){.now = jensen_first()};
}

static double limit(double x, double lo, double hi)
{
	return fmin(fmax(round(x * 1e6) / 1e6, lo), hi); /* steps of 0.05 leave no tails */
}

/* Takes a value, or the nearest that f has, and says so. */
static void put(struct ui_jensen *j, enum ui_jensen_row row, double x)
{
	const struct jensen_function *f = j->now.function;
	double *to[JENSEN_ROWS] = {&j->now.v1, &j->now.v2, &j->now.alpha};
	double lo = row == JENSEN_ALPHA ? 0 : f->lo, hi = row == JENSEN_ALPHA ? 1 : f->hi;
	*to[row] = limit(x, lo, hi);
	size_t n = strlen(j->said); /* both values may be out of a new function's range */
	if (x < lo || x > hi)
		snprintf(j->said + n, sizeof j->said - n, "%s%s = %s is out of range (%s is from %s to %s); taken as %s.", n ? " " : "",
		         names[row], plain(x).s, row == JENSEN_ALPHA ? "a probability" : "x", plain(lo).s, plain(hi).s, plain(*to[row]).s);
}

static void choose(struct ui_jensen *j, const struct jensen_function *f)
{
	const double old[] = {j->now.v1, j->now.v2};
	j->now.function = f;
	put(j, JENSEN_V1, old[0]);
	put(j, JENSEN_V2, old[1]);
}

static enum em_status choose_named(struct ui_jensen *j, const char *name, struct em_err *err)
{
	size_t i = 0;
	if (strcmp(name, "next") == 0) {
		while (jensen_at(i) != j->now.function)
			i++;
		choose(j, jensen_at(i + 1) ? jensen_at(i + 1) : jensen_at(0));
		return EM_OK;
	}
	if (jensen_named(name)) {
		choose(j, jensen_named(name));
		return EM_OK;
	}
	struct buf b = {0};
	for (; jensen_at(i); i++)
		buf_printf(&b, "%s, ", jensen_at(i)->name);
	enum em_status st = em_fail(err, EM_USAGE, "jensen function %s; there are %snext", name, b.s ? b.s : "");
	buf_free(&b);
	return st;
}

enum em_status ui_jensen_set(struct ui_jensen *j, int argc, char *const argv[], struct em_err *err)
{
	static const char *const words[JENSEN_ROWS] = {"v1", "v2", "alpha"};
	j->said[0] = '\0';
	if (argc == 0)
		return EM_OK;
	if (strcmp(argv[0], "reset") == 0 && argc == 1) {
		ui_jensen_init(j);
		return EM_OK;
	}
	if (strcmp(argv[0], "function") == 0 && argc == 2)
		return choose_named(j, argv[1], err);
	for (int i = 0; i < JENSEN_ROWS; i++) {
		if (strcmp(argv[0], words[i]) != 0 || argc != 2)
			continue;
		char *end;
		double x = strtod(argv[1], &end);
		if (end == argv[1] || *end || !isfinite(x))
			return em_fail(err, EM_USAGE, "jensen %s: \"%s\" is not a number; for example: jensen %s 0.5", words[i], argv[1],
			               words[i]);
		j->row = (enum ui_jensen_row)i;
		put(j, j->row, x);
		return EM_OK;
	}
	return em_fail(err, EM_USAGE, "jensen what? v1 X, v2 X, alpha X, function NAME or reset");
}

/* Moves the chosen value by steps of 0.05. */
static void move(struct ui_jensen *j, double steps)
{
	const double now[JENSEN_ROWS] = {j->now.v1, j->now.v2, j->now.alpha};
	put(j, j->row, now[j->row] + 0.05 * steps);
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	(void)pic, (void)err;
	struct ui_jensen *j = &ui->jensen;
	const struct jensen_function *f = j->now.function;
	const char *name = call->name;
	size_t n = pane_count(call), rows = JENSEN_ROWS, row = j->row;
	double wide = j->row == JENSEN_ALPHA ? 5 : 10;
	char said[sizeof j->said];
	memcpy(said, j->said, sizeof said);
	j->said[0] = '\0';
	if (strcmp(name, "up") == 0)
		j->row = (enum ui_jensen_row)(row > n ? row - n : 0);
	else if (strcmp(name, "down") == 0)
		j->row = (enum ui_jensen_row)(n < rows - row ? row + n : rows - 1);
	else if (strcmp(name, "left") == 0)
		move(j, -(double)n);
	else if (strcmp(name, "right") == 0)
		move(j, (double)n);
	else if (strcmp(name, "page-up") == 0)
		move(j, wide);
	else if (strcmp(name, "page-down") == 0)
		move(j, -wide);
	else if (strcmp(name, "home") == 0)
		put(j, j->row, j->row == JENSEN_ALPHA ? 0 : f->lo);
	else if (strcmp(name, "end") == 0)
		put(j, j->row, j->row == JENSEN_ALPHA ? 1 : f->hi);
	else {
		memcpy(j->said, said, sizeof said);
		return false;
	}
	return true;
}

const struct view view_jensen = {
	.name = "jensen",
	.title = "Jensen",
	.key = '9',
	.about = "Jensen's inequality E[f(v)] ≤ f(E[v]) for a v that is v1 with probability α and v2 otherwise: the left side lies on "
	         "the chord, the right side on the curve of f. Move v1, v2 and α; where f is not concave the inequality can be broken. "
	         "With f = log it is what makes the ELBO a bound.",
	.draw = draw,
	.command = command,
};
