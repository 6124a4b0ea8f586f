/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p(X|θ) and the bound along a line in θ: where they touch, where the M-step goes; or log p over two parameters with the
 * path of EM. The numbers come from a job of the session; this only asks for it and draws the answer. */
#include "view/landscape.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/fig.h"
#include "view/landscape_map.h"
#include "view/pane.h"
#include "view/ui.h"

enum { NAME = LANDSCAPE_NAME, TEXT = 640 };

/* What to look along: the move where this model has no such parameters. */
static struct em_landscape_ask asked(const struct ui *ui, const struct em_problem *p)
{
	const struct em_landscape_ask *a = &ui->landscape.ask, move = {.kind = EM_ALONG_MOVE, .zoom = 1};
	bool there = a->kind == EM_ALONG_MOVE || (em_landscape_has(p, &a->x) && (a->kind == EM_ALONG_ONE || em_landscape_has(p, &a->y)));
	return a->zoom > 0 && there ? *a : move;
}

const char *landscape_name(const struct em_problem *p, const struct em_coordinate *c, char out[NAME])
{
	int n = snprintf(out, NAME, "%s[%zu]", c->array, c->at[0] + 1);
	for (unsigned i = 0; i < p->layout.theta_arrays; i++)
		for (unsigned d = 1; strcmp(p->layout.theta[i].name, c->array) == 0 && d < p->layout.theta[i].rank; d++)
			n += snprintf(out + n, NAME - (size_t)n, "[%zu]", c->at[d] + 1);
	return out;
}

static struct number gap(double kl)
{
	int places = kl > 0 ? (int)ceil(2.5 - log10(kl)) : 4;
	return number_fixed(kl, places < 1 ? 1 : places > 9 ? 9 : places);
}

static struct number risen(double x)
{
	return pane_change_at(x, pane_decimals(fabs(x)));
}

/* ---- a line ---- */

enum { SPOTS = 5 };

struct spot {
	double x, y;
	uint32_t wide;
	char ascii;
	enum color color;
	const char *text;
	bool below;
};

struct drawing {
	const struct em_landscape *l;
	const struct em_snapshot *s;
	struct fig fig;
	struct fig_series series[3];
	bool unknown; /* log p, all along */
	double gap_x[2], gap_y[2];
	char x_title[NAME + 48];
	struct spot spot[SPOTS];
	int spots;
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* What has to be seen: the marked points, and the curves but for the depths they fall into. */
static struct fig_range height(const struct drawing *d)
{
	const struct em_landscape *l = d->l;
	double must[] = {l->now.bound, d->l->now.log_p, l->made.bound, d->l->made.log_p, l->best.bound, l->best.log_p};
	double lo = HUGE_VAL, hi = -HUGE_VAL, *all = malloc((2 * l->points + 1) * sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < sizeof must / sizeof must[0]; i++) {
		bool off = (i < 2 && isnan(l->now.at)) || (i >= 2 && i < 4 && isnan(l->made.at));
		if (isnan(must[i]) || off)
			continue;
		lo = fmin(lo, must[i]);
		hi = fmax(hi, must[i]);
	}
	for (size_t i = 0; all && i < l->points; i++) {
		if (!isnan(l->log_p[i]))
			all[n++] = l->log_p[i];
		if (!isnan(l->bound[i]))
			all[n++] = l->bound[i];
	}
	if (n) {
		qsort(all, n, sizeof *all, ascending);
		hi = fmax(hi, all[n - 1]);
		/* A move is as high as it climbs; a parameter may stand at the top already: the upper half of the curves. */
		double deep = hi - 4 * fmax(hi - lo, 1e-12 * fabs(hi));
		lo = fmin(lo, l->ask.kind == EM_ALONG_MOVE ? fmax(all[n / 5], deep) : all[n / 2]);
	}
	free(all);
	double air = fmax(0.06 * (hi - lo), 1e-12 * (fabs(hi) + 1));
	return (struct fig_range){lo - air, hi + 2 * air};
}

/* Without the ends where there is nothing. */
static struct fig_range width(const struct em_landscape *l)
{
	size_t from = 0, to = l->points - 1;
	while (from + 2 < to && isnan(l->bound[from + 1]))
		from++;
	while (to > from + 2 && isnan(l->bound[to - 1]))
		to--;
	return (struct fig_range){l->x[from], l->x[to]};
}

static void spot(struct drawing *d, double x, double y, uint32_t wide, char ascii, enum color color, const char *text, bool below)
{
	if (!isnan(x) && !isnan(y) && d->spots < SPOTS)
		d->spot[d->spots++] = (struct spot){x, y, wide, ascii, color, text, below};
}

static bool same_place(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(a));
}

static void compose(struct drawing *d, const struct em_landscape *l, const struct em_snapshot *s)
{
	char name[NAME];
	*d = (struct drawing){.l = l, .s = s, .unknown = true};
	for (size_t i = 0; i < l->points; i++)
		d->unknown &= isnan(l->log_p[i]);
	d->series[0] = (struct fig_series){.label = "log p(X|θ)", .x = l->x, .y = l->log_p, .n = l->points, .mark = MARK_NONE,
	                                   .color = COLOR_EVIDENCE};
	d->series[1] = (struct fig_series){.label = "ELBO(q,θ), q held", .x = l->x, .y = l->bound, .n = l->points, .mark = MARK_NONE,
	                                   .color = COLOR_ELBO};
	d->gap_x[0] = d->gap_x[1] = l->now.at;
	d->gap_y[0] = l->now.bound;
	d->gap_y[1] = l->now.log_p;
	d->series[2] = (struct fig_series){.label = "KL", .x = d->gap_x, .y = d->gap_y, .n = 2, .mark = MARK_NONE, .color = COLOR_KL};
	if (l->ask.kind == EM_ALONG_MOVE)
		snprintf(d->x_title, sizeof d->x_title, "t");
	else
		snprintf(d->x_title, sizeof d->x_title, "%s", landscape_name(s->problem, &l->ask.x, name));
	bool apart = !isnan(l->now.at) && d->gap_y[1] - d->gap_y[0] > 1e-12 * (1 + fabs(d->gap_y[0]));
	d->fig = (struct fig){.x_title = d->x_title, .y_title = "nats", .series = d->series + d->unknown,
	                      .series_n = (apart ? 3u : 2u) - d->unknown,
	                      .x = width(l), .y = height(d), .legend = true, .no_end_labels = true};
	spot(d, l->best.at, l->best.bound, 0x25c6, '*', COLOR_ELBO, "top of the bound", true);
	bool there = same_place(l->made.at, l->now.at);
	if (!there)
		spot(d, l->made.at, l->made.bound, 0x25a0, '#', COLOR_ACCENT, /* inside an E-step a part of q is newer */
		     s->problem->model->exact && !(l->inside && !l->next_m) ? "q made: touches" : "q made", true);
	bool known = !isnan(l->now.log_p);
	spot(d, l->now.at, known ? l->now.log_p : l->now.bound, 0x25cf, 'o', known ? COLOR_EVIDENCE : COLOR_ELBO,
	     there && (s->problem->model->exact || !known) ? "θ now, q made here" : "θ now", false);
	if (!same_place(l->now.at, l->best.at) && !there)
		spot(d, l->now.at, l->now.bound, 0x25cf, 'o', COLOR_ELBO, "", true);
	if (!s->problem->model->exact && !there)
		spot(d, l->made.at, d->l->made.log_p, 0x25cf, 'o', COLOR_EVIDENCE, "log p", false);
}

static bool is_free(const struct canvas *c, struct rect plot, int x, int y, int w)
{
	if (x < plot.x || x + w > plot.x + plot.w || y < plot.y || y >= plot.y + plot.h)
		return false;
	for (int i = x; i < x + w; i++)
		if (canvas_at(c, i, y).code != ' ')
			return false;
	return true;
}

/* A label stands on blanks only: above or below its mark, to either side, a little further off where that is taken. */
static void put_label(struct canvas *c, struct rect plot, const struct spot *s, int x, int y)
{
	int w = canvas_width(c, s->text);
	for (int far = 1; far <= 3; far++)
		for (int side = 0; side < 3; side++)
			for (int turn = 0; turn < 2; turn++) {
				int row = y + ((turn == 0) == s->below ? far : -far), at = side == 0 ? x + 1 : side == 1 ? x - w : x - w / 2;
				if (!is_free(c, plot, at - 1, row, w + 2) && !is_free(c, plot, at, row, w))
					continue;
				canvas_put(c, at, row, style_with(s->color, ATTR_BOLD), s->text);
				return;
			}
}

static void draw_spots(const struct drawing *d, struct canvas *c, struct rect r)
{
	struct rect plot = fig_plot_rect(&d->fig, c, r);
	int x[SPOTS], y[SPOTS];
	for (int i = 0; i < d->spots; i++) {
		const struct spot *s = d->spot + i;
		x[i] = fig_x_to_column(&d->fig, c, r, s->x);
		y[i] = fig_y_to_row(&d->fig, c, r, s->y);
		if (x[i] >= 0 && y[i] >= 0)
			canvas_set(c, x[i], y[i], style_with(s->color, ATTR_BOLD), c->glyphs == GLYPHS_ASCII ? (uint32_t)s->ascii : s->wide);
	}
	for (int i = 0; i < d->spots && plot.w >= 30 && plot.h >= 5; i++)
		if (x[i] >= 0 && y[i] >= 0 && d->spot[i].text[0])
			put_label(c, plot, d->spot + i, x[i], y[i]);
}

/* ---- words ---- */

/* 0 where it is no more than rounding. */
static double rise(double from, double to)
{
	return fabs(to - from) <= 1e-14 * (1 + fabs(from)) ? 0 : to - from;
}

static void say_move(const struct drawing *d, char *out, size_t size)
{
	const struct em_landscape *l = d->l;
	const struct em_snapshot *s = d->s;
	bool exact = s->problem->model->exact, known = !isnan(d->l->now.log_p);
	double up = rise(l->made.bound, l->best.bound), log_up = rise(l->made.log_p, l->best.log_p);
	if (l->step == 0 || isnan(l->made.at)) {
		snprintf(out, size, "This q was not made by an E-step, so the bound need not touch log p; KL is %s here. The next E-step moves q and "
		         "lifts the bound%s; an M-step now would go to 1.", number_fixed(l->entry.kl, 4).s,
		         exact ? " up to log p at θ" : "");
		return;
	}
	if (l->now.at == 0 && l->next_m) {
		int n = snprintf(out, size, exact ? "q was made at this θ (0), where the bound touches log p: KL is 0. The M-step will go to 1, "
		                                    "the top of the bound: ELBO %s" : "q was made at this θ (0). The M-step will go to 1, the top of "
		                                    "the bound: ELBO %s", risen(up).s);
		if (!isnan(log_up))
			n += snprintf(out + n, size - (size_t)n, ", log p %s%s", risen(log_up).s,
			              log_up > up ? ": more, for the posterior moves and q does not" :
			              log_up < 0 && !exact ? " (it may fall, for the bound does not touch it)" : "");
		snprintf(out + n, size - (size_t)n, exact ? "; KL opens to %s." : ".", gap(l->best.log_p - l->best.bound).s);
		return;
	}
	if (l->now.at == 1 && !l->next_m && !l->inside) {
		int n = snprintf(out, size, exact ? "The M-step went from 0, where the bound touched log p, to 1, the top of the bound: ELBO %s"
		                                  : "The M-step went from 0, where q was made, to 1, the top of the bound: ELBO %s", risen(up).s);
		if (!isnan(log_up))
			n += snprintf(out + n, size - (size_t)n, ", log p %s%s", risen(log_up).s,
			              log_up < 0 && !exact ? " (it may fall, for the bound did not touch it)" : "");
		if (known)
			n += snprintf(out + n, size - (size_t)n, ". The gap at 1 is KL %s", gap(d->l->now.log_p - l->now.bound).s);
		snprintf(out + n, size - (size_t)n, exact ? ". The next E-step lifts the bound to the curve there." :
		         ". The next E-step lifts the bound, though not up to log p: q factorizes.");
		return;
	}
	snprintf(out, size, l->next_m ? "Part of the M-step is done: θ has left the line through q's θ (0) and the M-step's end (1)."
	                              : "Part of the E-step is done: the bound has risen where q was moved. 0 and 1 are the ends of the last "
	                                "M-step.");
}

/* "at 0.6268", "at the edge" */
static const char *where(const struct em_landscape *l, double x, char out[32])
{
	if (x <= l->x[0] || x >= l->x[l->points - 1])
		return "at the edge";
	snprintf(out, 32, "at %s", number_short(x, 4).s);
	return out;
}

static void say_parameter(const struct drawing *d, char *out, size_t size)
{
	const struct em_landscape *l = d->l;
	char name[NAME], place[32];
	double near = 1e-4 * (l->x[l->points - 1] - l->x[0]);
	int n = snprintf(out, size, "%s is %s now; the others stay as they are. The bound is highest ",
	                 landscape_name(d->s->problem, &l->ask.x, name), number_short(l->now.at, 4).s);
	n += fabs(l->best.at - l->now.at) < near ? snprintf(out + n, size - (size_t)n, "here")
	                                         : snprintf(out + n, size - (size_t)n, "%s", where(l, l->best.at, place));
	if (fabs(l->peak.at - l->now.at) < near)
		n += snprintf(out + n, size - (size_t)n, fabs(l->best.at - l->now.at) < near ? ", and so is log p" : ", log p here");
	else if (!isnan(l->peak.at))
		n += snprintf(out + n, size - (size_t)n, ", log p %s", where(l, l->peak.at, place));
	if (isnan(l->made.at) && l->step > 0)
		n += snprintf(out + n, size - (size_t)n, ". Other parameters have moved since q was made, so the curves need not touch on this "
		              "line");
	snprintf(out + n, size - (size_t)n, ".");
}

/* Whether the curves stop before the line does. */
static bool crossed(const struct em_landscape *l)
{
	return l->points && (isnan(l->bound[0]) || isnan(l->bound[l->points - 1]));
}

static void say(const struct drawing *d, char *out, size_t size)
{
	if (d->l->ask.kind == EM_ALONG_MOVE)
		say_move(d, out, size);
	else
		say_parameter(d, out, size);
	size_t n = strlen(out);
	if (d->unknown && d->s->problem->model->global && n < size)
		snprintf(out + n, size - n, " log p is an integral over the topics too, and unknown.");
	else if (d->unknown && n < size)
		snprintf(out + n, size - n, " log p is not drawn: its exact sum at every point would take too long.%s",
		         isnan(d->l->now.log_p) ? "" : " It is marked where the ledger has it.");
	else if (crossed(d->l) && n < size)
		snprintf(out + n, size - n, " The line ends where θ would leave its constraints.");
}

/* ---- the view ---- */

static void head(const struct ui *ui, const struct picture *pic, const struct em_landscape *l, struct canvas *c, struct rect r)
{
	struct em_landscape_ask a = asked(ui, pic->run->problem);
	char x[NAME], y[NAME], text[3 * NAME], right[64] = "";
	const struct em_problem *p = pic->run->problem;
	bool bound = l && em_landscape_same(&l->ask, &a) ? l->map_is_bound : !p->model->exact;
	if (a.kind == EM_ALONG_MOVE)
		snprintf(text, sizeof text, "Along the M-step's move: from θ of q (0) to its end (1)");
	else if (a.kind == EM_ALONG_ONE)
		snprintf(text, sizeof text, "Along %s", landscape_name(p, &a.x, x));
	else
		snprintf(text, sizeof text, "%s over %s and %s", bound ? "ELBO" : "log p(X|θ)", landscape_name(p, &a.x, x),
		         landscape_name(p, &a.y, y));
	const char *going = ui->landscape.stopped ? "stopped: :landscape looks again" : "looking ...";
	if (!l || !em_landscape_same(&l->ask, &a))
		snprintf(right, sizeof right, "%s", going);
	else if (!pic->landscape_now)
		snprintf(right, sizeof right, "of step %zu, %s", l->step, going);
	else
		snprintf(right, sizeof right, "after %s", pane_step(pic->run->ledger + pic->run->position).s);
	/* Which step an old picture is of has to be seen, whatever it takes from the title. */
	int w = canvas_width(c, right), title = r.w;
	bool old = !pic->landscape_now && w + 2 < r.w;
	if (old)
		title = r.w - w - 2;
	canvas_put_clipped(c, r.x, r.y, title, style_with(COLOR_TITLE, ATTR_BOLD), text);
	if (old || canvas_width(c, text) + w + 2 <= r.w)
		canvas_put(c, r.x + r.w - w, r.y, style_of(pic->landscape_now ? COLOR_DIM : COLOR_WARN), right);
}

static void draw_line(struct ui *ui, const struct picture *pic, const struct em_landscape *l, struct canvas *c, struct rect r)
{
	struct drawing d;
	char text[TEXT];
	compose(&d, l, pic->run);
	say(&d, text, sizeof text);
	int rows = pane_rows(c, r.w, text);
	if (rows > r.h / 2)
		rows = r.h / 2;
	struct rect figure = {r.x, r.y, r.w, r.h - rows - (r.h > 12 ? 1 : 0)};
	fig_canvas(&d.fig, c, figure);
	ui->plot = fig_plot_rect(&d.fig, c, figure);
	draw_spots(&d, c, figure);
	pane_text(c, (struct rect){r.x, r.y + r.h - rows, r.w, rows}, style_of(COLOR_DEFAULT), text);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_landscape *l = pic->landscape;
	struct em_landscape_ask a = asked(ui, pic->run->problem);
	if (r.h < 1 || r.w < 1)
		return;
	r = (struct rect){r.x + 1, r.y, r.w - 2, r.h};
	head(ui, pic, l, c, (struct rect){r.x, r.y, r.w, 1});
	struct rect body = {r.x, r.y + 1, r.w, r.h - 1};
	if (!l || !em_landscape_same(&l->ask, &a) || body.h < 3)
		return;
	if (l->why[0])
		pane_text(c, (struct rect){body.x, body.y + 1, body.w, body.h - 1}, style_of(COLOR_WARN), l->why);
	else if (l->ask.kind == EM_OVER_TWO)
		landscape_map(ui, pic->run, l, c, body);
	else
		draw_line(ui, pic, l, c, body);
}

static bool wants(struct ui *ui, const struct picture *pic, struct job *out)
{
	struct ui_landscape *x = &ui->landscape;
	if (!pic->run)
		return false;
	struct em_landscape_ask a = asked(ui, pic->run->problem);
	x->stopped = false;
	if (pic->landscape && pic->landscape_now && em_landscape_same(&pic->landscape->ask, &a))
		return false;
	x->stopped = x->asked_of == pic->version + 1 && em_landscape_same(&x->asked, &a);
	if (x->stopped)
		return false;
	x->asked_of = pic->version + 1;
	x->asked = a;
	*out = (struct job){.kind = JOB_LANDSCAPE, .look = a};
	return true;
}

/* ---- commands ---- */

static bool same_coordinate(const struct em_coordinate *a, const struct em_coordinate *b)
{
	return strcmp(a->array, b->array) == 0 && memcmp(a->at, b->at, sizeof a->at) == 0;
}

/* Round: the move, each parameter, the map. */
static void turn(struct ui *ui, const struct em_problem *p, bool back)
{
	struct em_landscape_ask a = asked(ui, p), next = {.kind = EM_ALONG_MOVE, .zoom = 1};
	struct em_coordinate c;
	struct em_landscape_ask map = {.kind = EM_OVER_TWO, .zoom = 1};
	bool pair = em_landscape_pair(p, &map.x, &map.y);
	size_t count = 0, here = 0; /* 0: the move; 1..count: parameters; count + 1: the map */
	for (; em_landscape_coordinate(p, count, &c); count++)
		if (a.kind == EM_ALONG_ONE && same_coordinate(&c, &a.x))
			here = count + 1;
	if (a.kind == EM_OVER_TWO)
		here = count + 1;
	size_t all = count + 1 + (pair ? 1 : 0), to = (here + (back ? all - 1 : 1)) % all;
	if (to > 0 && to <= count) {
		next.kind = EM_ALONG_ONE;
		em_landscape_coordinate(p, to - 1, &next.x);
	} else if (to > count) {
		next = map;
	}
	ui->landscape.ask = next;
}

/* ARRAY I [J [L]] from *i on. */
static enum em_status coordinate(const struct em_problem *p, int argc, char *const argv[], int *i, struct em_coordinate *out,
                                 struct em_err *err)
{
	const struct em_array *a = NULL;
	for (unsigned n = 0; n < p->layout.theta_arrays; n++)
		if (strcmp(p->layout.theta[n].name, argv[*i]) == 0)
			a = p->layout.theta + n;
	if (!a)
		return em_fail(err, EM_USAGE, "no parameter \"%s\"; θ of %s has for example %s 1", argv[*i], p->model->name,
		               p->layout.theta[0].name);
	*out = (struct em_coordinate){.at = {0, 0, 0}};
	snprintf(out->array, sizeof out->array, "%s", a->name);
	++*i;
	for (unsigned d = 0; d < a->rank && *i < argc && isdigit((unsigned char)argv[*i][0]); d++, ++*i) {
		char *end;
		unsigned long v = strtoul(argv[*i], &end, 10);
		if (*end || v < 1 || v > a->dim[d])
			return em_fail(err, EM_USAGE, "%s: index %s is not from 1 to %zu", a->name, argv[*i], a->dim[d]);
		out->at[d] = v - 1;
	}
	return EM_OK;
}

static enum em_status can_move(const struct em_problem *p, const struct em_coordinate *c, struct em_err *err)
{
	char name[NAME];
	return em_landscape_has(p, c) ? EM_OK : em_fail(err, EM_USAGE, "%s cannot move: it has only one value", landscape_name(p, c, name));
}

static enum em_status parameters(const struct em_problem *p, int argc, char *const argv[], struct em_landscape_ask *out,
                                 struct em_err *err)
{
	int i = 0;
	*out = (struct em_landscape_ask){.kind = EM_ALONG_ONE, .zoom = 1};
	enum em_status st = coordinate(p, argc, argv, &i, &out->x, err);
	st = st ? st : can_move(p, &out->x, err);
	if (st || i == argc)
		return st;
	out->kind = EM_OVER_TWO;
	st = coordinate(p, argc, argv, &i, &out->y, err);
	if (!st && i < argc)
		return em_fail(err, EM_USAGE, "landscape takes one parameter or two; \"%s\" is too much", argv[i]);
	if (!st && same_coordinate(&out->x, &out->y))
		return em_fail(err, EM_USAGE, "a map needs two different parameters");
	return st ? st : can_move(p, &out->y, err);
}

enum em_status ui_landscape_set(struct ui *ui, const struct picture *pic, int argc, char *const argv[], struct em_err *err)
{
	struct em_landscape_ask a;
	ui->landscape.asked_of = 0; /* what was stopped is asked for again */
	if (argc == 0)
		return EM_OK;
	if (!pic->run)
		return em_fail(err, EM_USAGE, "nothing is open yet; open FILE reads data");
	const struct em_problem *p = pic->run->problem;
	static const char *const alone[] = {"move", "map", "next", "previous"};
	for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
		if (argc > 1 && strcmp(argv[0], alone[i]) == 0)
			return em_fail(err, EM_USAGE, "landscape %s takes nothing after it", alone[i]);
	if (strcmp(argv[0], "next") == 0 || strcmp(argv[0], "previous") == 0) {
		turn(ui, p, argv[0][0] == 'p');
		return EM_OK;
	}
	if (strcmp(argv[0], "move") == 0) {
		a = (struct em_landscape_ask){.kind = EM_ALONG_MOVE, .zoom = 1};
	} else if (strcmp(argv[0], "map") == 0) {
		a = (struct em_landscape_ask){.kind = EM_OVER_TWO, .zoom = 1};
		if (!em_landscape_pair(p, &a.x, &a.y))
			return em_fail(err, EM_USAGE, "%s has one parameter: there is nothing to map; . looks along it", p->model->title);
	} else {
		enum em_status st = parameters(p, argc, argv, &a, err);
		if (st)
			return st;
	}
	ui->landscape.ask = a;
	return EM_OK;
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	struct em_landscape_ask a = asked(ui, pic->run->problem);
	if (strcmp(call->name, "right") == 0 || strcmp(call->name, "left") == 0) {
		turn(ui, pic->run->problem, call->name[0] == 'l');
		return true;
	}
	if (strcmp(call->name, "zoom") == 0) {
		char how = call->argc > 0 ? call->argv[0][0] : 'a';
		a.zoom = how == 'i' ? fmin(a.zoom * 2, 1024) : how == 'o' ? fmax(a.zoom / 2, a.kind == EM_ALONG_MOVE ? 0.125 : 1) : 1;
		ui->landscape.ask = a;
		return true;
	}
	(void)err;
	return false;
}

const struct view view_landscape = {
	.name = "landscape",
	.title = "Landscape",
	.key = '7',
	.about = "log p(X|θ) and the bound ELBO(q,θ) with q held, along the line on which the M-step moves θ: 0 is where q was made, 1 where "
	         "the M-step goes. An exact E-step lifts the bound until it touches log p at θ; the M-step goes to the top of the bound. "
	         "Right and left go on to single parameters and to a map of log p over two of them with the path of EM; + and - zoom.",
	.draw = draw,
	.command = command,
	.wants = wants,
};
