/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view Data: every picture as text, and that what is drawn lies where the numbers say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "elbow/example.h"
#include "fit.h"
#include "fixture.h"
#include "plot/scatter.h"

/* A picture to draw: of a session with an example open, or of a run on a table. */
struct shown {
	struct session *session;
	struct fit fit;
	const struct em_snapshot *snapshot;
	const struct picture *pic; /* of the session, or &own */
	struct picture own;
	struct ui ui;
};

/* ---- opening ---- */

static void perform(struct session *s, const struct job *job)
{
	struct em_err err = {0};
	if (session_perform(s, job, NULL, &err))
		fail_msg("%s", err.msg);
}

static void set(struct session *s, const char *name, const char *text)
{
	struct job job = {.kind = JOB_SET};
	snprintf(job.name, sizeof job.name, "%s", name);
	snprintf(job.text, sizeof job.text, "%s", text);
	perform(s, &job);
}

static void look(struct shown *v)
{
	if (v->session) {
		if (v->pic)
			picture_release(v->pic);
		v->pic = session_picture(v->session);
		return;
	}
	em_snapshot_release(v->snapshot);
	v->snapshot = fit_look(&v->fit);
	v->own = (struct picture){.run = v->snapshot, .data = v->fit.data, .name = "table", .settings = v->fit.settings};
	v->pic = &v->own;
}

static void ready(struct shown *v)
{
	ui_init(&v->ui);
	v->ui.view = &view_data;
	look(v);
}

static void open_example(struct shown *v, const char *name)
{
	struct job open = {.kind = JOB_EXAMPLE};
	*v = (struct shown){.session = session_new(&ui_settings)};
	assert_non_null(v->session);
	set(v->session, "threads", "1");
	snprintf(open.name, sizeof open.name, "%s", name);
	perform(v->session, &open);
	ready(v);
	v->ui.grid = (size_t)em_settings_number(v->pic->settings, "grid");
}

/* name, value: another setting, or NULL. */
static void open_with(struct shown *v, const char *model, const char *k, size_t rows, size_t columns,
                      const char *const *column, const double *x, const char *name, const char *value)
{
	struct em_points *points = NULL;
	struct em_data *d = NULL;
	struct em_err err = {0};
	*v = (struct shown){0};
	if (em_points_from(rows, columns, column, x, &points, &err) || em_data_of("table", NULL, points, NULL, &d, &err))
		fail_msg("%s", err.msg);
	fit_open(&v->fit, model, NULL, d, NULL, "components", k, "threads", "1", name, value, NULL);
	ready(v);
}

static void open_table(struct shown *v, const char *model, const char *k, size_t rows, size_t columns,
                       const char *const *column, const double *x)
{
	open_with(v, model, k, rows, columns, column, x, NULL, NULL);
}

static void step(struct shown *v, enum em_size size, size_t count)
{
	struct job job = {.kind = JOB_STEP, .size = size, .count = count};
	if (v->session)
		perform(v->session, &job);
	for (size_t i = 0; !v->session && i < count; i++)
		fit_step(&v->fit, size);
	look(v);
}

static void close_shown(struct shown *v)
{
	ui_close(&v->ui);
	if (v->session) {
		picture_release(v->pic);
		session_free(v->session);
		return;
	}
	em_snapshot_release(v->snapshot);
	fit_close(&v->fit);
}

static enum em_status try_command(struct shown *v, const char *words, struct em_err *err)
{
	char copy[256], *argv[8];
	int argc = 0;
	const char *line = NULL;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *save = NULL, *w = strtok_r(copy, " ", &save); w && argc < 8; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return ui_command(&v->ui, v->pic, argc, argv, &line, err);
}

static void command(struct shown *v, const char *words)
{
	struct em_err err = {0};
	if (try_command(v, words, &err))
		fail_msg("%s: %s", words, err.msg);
}

/* ---- tables ---- */

static const char *const letters[] = {"a", "b", "c", "d", "e"};
enum { CLOUD = 90 };

/* Two clouds in five dimensions, the second tilted. */
static void cloud(double x[CLOUD][5])
{
	uint64_t seed = 5;
	for (int n = 0; n < CLOUD; n++) {
		double z = small_uniform(&seed) + small_uniform(&seed) - 1;
		for (int j = 0; j < 5; j++)
			x[n][j] = (n % 3 ? 0 : 4 - 1.5 * j) + 0.8 * (small_uniform(&seed) + small_uniform(&seed) - 1) + z * (j % 3);
	}
}

/* Deaths of women over 80 a day, three years of The Times (Hasselblad 1969). */
static const double deaths[][2] = {{0, 162}, {1, 267}, {2, 271}, {3, 185}, {4, 111},
                                   {5, 61},  {6, 27},  {7, 8},   {8, 3},   {9, 1}};

static void open_deaths(struct shown *v)
{
	static const char *const names[] = {"count", "frequency"};
	open_table(v, "poisson", "2", 10, 2, names, &deaths[0][0]);
}

enum { ZEROS_AND_ONES = 12 };

/* Noisy crosses and boxes of 5 x 5. */
static void open_images(struct shown *v)
{
	static const char *const shape[] = {"1000101010001000101010001", "1111110001100011000111111"};
	double x[ZEROS_AND_ONES][25];
	char name[25][4];
	const char *names[25];
	uint64_t seed = 3;
	for (int j = 0; j < 25; j++) {
		snprintf(name[j], sizeof name[j], "p%d", j);
		names[j] = name[j];
	}
	for (int n = 0; n < ZEROS_AND_ONES; n++)
		for (int j = 0; j < 25; j++)
			x[n][j] = (shape[n % 2][j] == '1') != (small_uniform(&seed) < 0.08);
	open_table(v, "bernoulli", "2", ZEROS_AND_ONES, 25, names, &x[0][0]);
	v->ui.grid = 5;
}

static void open_cloud(struct shown *v, const char *model, const char *k)
{
	double x[CLOUD][5];
	cloud(x);
	open_table(v, model, k, CLOUD, 5, letters, &x[0][0]);
}

/* ---- looking ---- */

/* The view alone, on a canvas of its own. */
static struct canvas *alone(struct shown *v, int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	c->mono = v->ui.mono;
	v->ui.glyphs = glyphs;
	view_data.draw(&v->ui, v->pic, c, canvas_rect(c));
	return c;
}

static void shows(struct shown *v, int w, int h, const char *const *texts)
{
	struct canvas *c = alone(v, w, h, GLYPHS_UTF8);
	for (size_t i = 0; texts[i]; i++)
		if (!fixture_shows(c, texts[i])) {
			struct buf b = {0};
			canvas_text(c, &b);
			fail_msg("\"%s\" is not on the screen:\n%s", texts[i], b.s);
		}
	canvas_free(c);
}

static bool lacks(struct shown *v, const char *text)
{
	struct canvas *c = alone(v, 78, 20, GLYPHS_UTF8);
	bool none = !fixture_shows(c, text);
	canvas_free(c);
	return none;
}

/* Dots within a cell of x, y: two lines may round apart. */
static bool dots_near(const struct canvas *c, int x, int y)
{
	for (int dy = -1; dy <= 1; dy++)
		for (int dx = -1; dx <= 1; dx++) {
			uint32_t code = canvas_at(c, x + dx, y + dy).code;
			if (code > 0x2800 && code < 0x2900)
				return true;
		}
	return false;
}

/* ---- ellipses ---- */

/* All points of a ring are as far from its mean as it says, by the covariance itself. */
static void test_ring_is_the_covariance(void **state)
{
	(void)state;
	uint64_t seed = 11;
	for (int i = 0; i < 200; i++) {
		double a = small_uniform(&seed) - 0.5, b = small_uniform(&seed) - 0.5, c = small_uniform(&seed) - 0.5;
		double xx = a * a + 0.01, xy = a * b, yy = b * b + c * c, det = xx * yy - xy * xy;
		double radius = 1 + i % 2;
		struct scatter_ring g = scatter_ring_of(3, -2, xx, xy, yy, radius);
		if (det < 1e-6)
			continue;
		for (int j = 0; j < 12; j++) {
			double t = j * 0.5, dx = g.radius * g.a * cos(t), dy = g.radius * (g.b * cos(t) + g.c * sin(t));
			fit_near((yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / det, radius * radius, 1e-9 * radius * radius / det);
		}
	}
	/* Without any spread, and a matrix that is not quite one. */
	struct scatter_ring flat = scatter_ring_of(1, 1, 0, 0, 0, 2), odd = scatter_ring_of(0, 0, 1, 1 + 1e-12, 1, 1);
	assert_true(flat.a == 0 && flat.b == 0 && flat.c == 0);
	assert_true(isfinite(odd.b) && odd.c == 0);
}

/* On the canvas: where the axes of a tilted ellipse end there are dots, between the two rings there are none. */
static void test_ring_on_the_canvas(void **state)
{
	(void)state;
	const double turn = 0.5, long_sd = 2, short_sd = 0.7;
	double u[2][2] = {{cos(turn), sin(turn)}, {-sin(turn), cos(turn)}}, sd[2] = {long_sd, short_sd}, cov[3] = {0};
	for (int a = 0; a < 2; a++) {
		cov[0] += sd[a] * sd[a] * u[a][0] * u[a][0];
		cov[1] += sd[a] * sd[a] * u[a][0] * u[a][1];
		cov[2] += sd[a] * sd[a] * u[a][1] * u[a][1];
	}
	struct scatter_ring rings[] = {scatter_ring_of(1, 2, cov[0], cov[1], cov[2], 1),
	                               scatter_ring_of(1, 2, cov[0], cov[1], cov[2], 2)};
	struct scatter s = {.rings = rings, .rings_n = 2};
	struct fig f = {.x_title = "x", .y_title = "y", .x = {-5, 7}, .y = {-3, 7}};
	struct canvas *c = canvas_new(120, 60, GLYPHS_UTF8);
	fig_canvas(&f, c, canvas_rect(c));
	scatter_draw(&s, &f, c, canvas_rect(c));
	for (int a = 0; a < 2; a++)
		for (int side = -1; side <= 1; side += 2)
			for (int radius = 1; radius <= 3; radius++) {
				double far = side * radius * sd[a], off = side * (radius + 0.5) * sd[a];
				int x = fig_x_to_column(&f, c, canvas_rect(c), 1 + far * u[a][0]);
				int y = fig_y_to_row(&f, c, canvas_rect(c), 2 + far * u[a][1]);
				int ox = fig_x_to_column(&f, c, canvas_rect(c), 1 + off * u[a][0]);
				int oy = fig_y_to_row(&f, c, canvas_rect(c), 2 + off * u[a][1]);
				assert_true(radius == 3 || dots_near(c, x, y));
				assert_int_equal(canvas_at(c, ox, oy).code, ' ');
			}
	canvas_free(c);
}

/* One Gaussian on its principal axes: the outer ring's outermost point, from coordinates of the rows alone. */
static void test_rings_on_principal_axes(void **state)
{
	(void)state;
	struct shown v;
	const int w = 118, h = 40;
	double x[CLOUD][5], at[CLOUD][2], axes[10], share[2];
	cloud(x);
	open_table(&v, "gmm", "1", CLOUD, 5, letters, &x[0][0]);
	step(&v, EM_ITERATION, 1);
	assert_int_equal(em_points_axes(v.pic->data->points, axes, share, NULL), EM_OK);
	em_points_project(v.pic->data->points, axes, &at[0][0]);
	double lo[2] = {0}, hi[2] = {0}, cov[2][2] = {{0}};
	for (int n = 0; n < CLOUD; n++)
		for (int a = 0; a < 2; a++) {
			lo[a] = fmin(lo[a], at[n][a]);
			hi[a] = fmax(hi[a], at[n][a]);
			for (int b = 0; b < 2; b++)
				cov[a][b] += at[n][a] * at[n][b] / CLOUD; /* they are centred */
		}
	struct fig f = {.x_title = "x", .y_title = "y", .whole_labels = true};
	f.x = (struct fig_range){lo[0] - 0.06 * (hi[0] - lo[0]), hi[0] + 0.06 * (hi[0] - lo[0])};
	f.y = (struct fig_range){lo[1] - 0.06 * (hi[1] - lo[1]), hi[1] + 0.06 * (hi[1] - lo[1])};
	command(&v, "axes principal");
	struct canvas *c = alone(&v, w, h, GLYPHS_UTF8);
	assert_true(fixture_shows(c, "principal axis 1"));
	struct rect r = {0, 1, w, h - 2};
	for (int side = -1; side <= 1; side += 2)
		for (int a = 0; a < 2; a++) {
			double sd = sqrt(cov[a][a]), along = side * sd, other = side * cov[a][1 - a] / sd;
			int column = fig_x_to_column(&f, c, r, a == 0 ? along : other), row = fig_y_to_row(&f, c, r, a == 0 ? other : along);
			assert_true(column > 0 && row > 0);
			assert_true(dots_near(c, column, row));
		}
	canvas_free(c);
	close_shown(&v);
}

/* ---- coins ---- */

/* The first E-step of Do and Batzoglou (2008), figure 1b. */
static void test_the_papers_table(void **state)
{
	(void)state;
	struct shown v;
	open_example(&v, "coins");
	step(&v, EM_PHASE, 1);
	shows(&v, 78, 20, (const char *const[]){"21.30", "8.57", "11.70", "8.43", "21.30/29.87=0.7130", "11.70/20.13=0.5813",
	                                        "2.25", "2.75", "0.449", "0.805", "33/50", "after E 1", NULL});
	assert_true(lacks(&v, "0.6000") == false); /* the bias that q was made with */
	step(&v, EM_PHASE, 1);
	shows(&v, 78, 20, (const char *const[]){"0.7130", "0.5813", "after M 1", NULL});
	assert_true(lacks(&v, "0.6000"));
	close_shown(&v);
}

/* The bar of each set is split as q splits its heads: by cells of a canvas without colour. */
static void test_bars_are_split(void **state)
{
	(void)state;
	struct shown v;
	open_example(&v, "coins");
	step(&v, EM_PHASE, 1);
	for (int mono = 0; mono < 2; mono++) {
		v.ui.mono = mono == 1;
		struct canvas *c = alone(&v, 118, 32, mono ? GLYPHS_UTF8 : GLYPHS_ASCII);
		for (size_t n = 0; n < 5; n++) {
			int first = 0, second = 0, tails = 0, from = 13, y = 2 + (int)n;
			for (int x = from; x < from + 70 && canvas_at(c, x, y).code != ' '; x++) {
				first += canvas_at(c, x, y).code == '1';
				second += canvas_at(c, x, y).code == '2';
				tails += canvas_at(c, x, y).code == '.';
			}
			double heads = v.pic->data->points->x[2 * n], all = first + second + tails;
			double q = fit_q(v.pic->run, "responsibilities", n, 0);
			assert_true(all > 20); /* every set has ten tosses: the same length */
			fit_near(first, q * heads / 10 * all, 0.51);
			fit_near(first + second, heads / 10 * all, 0.51);
		}
		canvas_free(c);
	}
	close_shown(&v);
}

/* ---- histograms ---- */

/* All rows are in some bar, and the sum of the curves holds as many. */
static void test_counts_of_the_histogram(void **state)
{
	(void)state;
	struct shown v;
	open_deaths(&v);
	step(&v, EM_ITERATION, 3);
	shows(&v, 78, 20, (const char *const[]){"observed", "expected", "162", "271", NULL});
	const struct em_snapshot *s = v.pic->run;
	double w[2], rate[2], p = 0;
	for (size_t k = 0; k < 2; k++) {
		w[k] = fit_theta(s, "weights", k, 0);
		rate[k] = fit_theta(s, "rates", k, 0);
		p += w[k] * exp(-rate[k]);
	}
	char want[32];
	snprintf(want, sizeof want, "162     %.1f", 1096 * p); /* observed and expected days without a death */
	shows(&v, 118, 32, (const char *const[]){want, NULL});
	close_shown(&v);
}

/* ---- keys ---- */

static void test_axes_by_keys(void **state)
{
	(void)state;
	struct shown v;
	open_cloud(&v, "gmm", "2");
	shows(&v, 78, 20, (const char *const[]){"a and b, of 5", NULL});
	command(&v, "right");
	shows(&v, 78, 20, (const char *const[]){"a and c, of 5", NULL});
	command(&v, "left");
	command(&v, "left"); /* round */
	shows(&v, 78, 20, (const char *const[]){"d and e, of 5", NULL});
	command(&v, "axes y");
	shows(&v, 78, 20, (const char *const[]){"d and a, of 5", NULL});
	command(&v, "axes x");
	shows(&v, 78, 20, (const char *const[]){"e and a, of 5", NULL});
	command(&v, "axes b 4");
	shows(&v, 78, 20, (const char *const[]){"b and d, of 5", NULL});
	command(&v, "axes principal");
	shows(&v, 78, 20, (const char *const[]){"principal axis 1", "principal axis 2", "5 columns on", NULL});
	command(&v, "axes principal");
	shows(&v, 78, 20, (const char *const[]){"b and d, of 5", NULL});
	static const char *const bad[] = {"axes b b", "axes 6 1", "axes z 1", "axes b"};
	for (size_t i = 0; i < 4; i++) {
		struct em_err err = {0};
		assert_int_equal(try_command(&v, bad[i], &err), EM_USAGE);
		assert_non_null(strstr(err.msg, "1 to 5"));
	}
	shows(&v, 78, 20, (const char *const[]){"b and d, of 5", NULL});
	for (int i = 0; i < 10; i++) /* all ten pairs, once round */
		command(&v, "right");
	shows(&v, 78, 20, (const char *const[]){"b and d, of 5", NULL});
	assert_string_equal(cmd_key_find("data", "x")->line, "axes x");
	assert_true(view_data.offers(&v.ui, "axes x"));
	close_shown(&v);
	struct em_err err = {0};
	open_example(&v, "coins");
	assert_int_equal(try_command(&v, "axes next", &err), EM_USAGE);
	assert_true(lacks(&v, "axis"));
	assert_false(view_data.offers(&v.ui, "axes x"));
	assert_true(view_data.offers(&v.ui, "next-document"));
	close_shown(&v);
}

static void test_choosing_observations(void **state)
{
	(void)state;
	struct shown v;
	struct em_err err = {0};
	open_example(&v, "faithful");
	shows(&v, 78, 20, (const char *const[]){"row 1: 3.6, 79", NULL});
	command(&v, "next-document");
	shows(&v, 78, 20, (const char *const[]){"row 2: 1.8, 54", NULL});
	command(&v, "down 2");
	command(&v, "previous-document");
	assert_int_equal(v.ui.document, 2);
	command(&v, "end");
	assert_int_equal(v.ui.document, 271);
	command(&v, "down");
	assert_int_equal(v.ui.document, 271);
	command(&v, "select 100");
	assert_int_equal(v.ui.document, 99);
	assert_int_equal(try_command(&v, "select 273", &err), EM_USAGE);
	assert_int_equal(v.ui.document, 99);
	/* A click in the corner where the rarest point lies finds that point. */
	struct canvas *c = alone(&v, 78, 20, GLYPHS_UTF8);
	size_t rarest = 0;
	const double *x = v.pic->data->points->x;
	for (size_t n = 0; n < 272; n++)
		if (x[2 * n] > x[2 * rarest])
			rarest = n;
	struct rect r = v.ui.plot;
	bool found = false;
	for (int y = r.y; y < r.y + r.h && !found; y++) {
		char words[64];
		snprintf(words, sizeof words, "click %d %d", r.x + r.w - 1, y);
		command(&v, words);
		found = v.ui.document == rarest;
	}
	assert_true(found);
	canvas_free(c);
	command(&v, "enter");
	assert_string_equal(v.ui.view->name, "documents");
	command(&v, "leave");
	assert_string_equal(v.ui.view->name, "data");
	close_shown(&v);
	open_example(&v, "three");
	for (int n = 0; n < 3; n++) {
		char words[64];
		canvas_free(alone(&v, 78, 20, GLYPHS_UTF8));
		int column = v.ui.plot.x + (int)((n + 1 - v.ui.plot_from) / (v.ui.plot_to - v.ui.plot_from) * v.ui.plot.w);
		snprintf(words, sizeof words, "click %d %d", column + 1, v.ui.plot.y + 3);
		command(&v, words);
		assert_int_equal(v.ui.document, n);
	}
	close_shown(&v);
}

/* Long sequences scroll, then others are chosen. */
static void test_sequences_scroll(void **state)
{
	(void)state;
	struct shown v;
	open_example(&v, "vowels");
	step(&v, EM_ITERATION, 1);
	command(&v, "next-document");
	shows(&v, 78, 20, (const char *const[]){"sequence 2 of ", NULL});
	command(&v, "home");
	struct canvas *c = alone(&v, 38, 6, GLYPHS_UTF8);
	bool begins = fixture_shows(c, "the harbour");
	canvas_free(c);
	assert_true(begins);
	command(&v, "down");
	c = alone(&v, 38, 6, GLYPHS_UTF8);
	assert_false(fixture_shows(c, "the harbour"));
	canvas_free(c);
	assert_int_equal(v.ui.document, 0);
	command(&v, "next-document");
	assert_int_equal(v.ui.document, 1);
	close_shown(&v);
}

/* ---- goldens ---- */

static void golden(struct shown *v, const char *name, int w, int h, enum glyphs glyphs, bool styles)
{
	char path[96];
	struct canvas *c = alone(v, w, h, glyphs);
	snprintf(path, sizeof path, "data-%s-%dx%d-%s", name, w, h,
	         glyphs == GLYPHS_ASCII ? "ascii" : v->ui.mono ? "mono" : "utf8");
	golden_check(c, path, styles);
	canvas_free(c);
}

/* In colour, without colour and without Unicode at 80x24, and wide. */
static void goldens(struct shown *v, const char *name)
{
	golden(v, name, 78, 20, GLYPHS_UTF8, true);
	golden(v, name, 78, 20, GLYPHS_ASCII, false);
	golden(v, name, 118, 32, GLYPHS_UTF8, false);
	v->ui.mono = true;
	golden(v, name, 78, 20, GLYPHS_UTF8, false);
	v->ui.mono = false;
}

static void golden_example(const char *name, size_t steps)
{
	struct shown v;
	open_example(&v, name);
	step(&v, EM_ITERATION, steps);
	goldens(&v, name);
	close_shown(&v);
}

static void test_goldens_of_examples(void **state)
{
	(void)state;
	struct shown v;
	golden_example("coins", 1);
	golden_example("linkage", 1);
	golden_example("faithful", 20);
	golden_example("waiting", 4);
	golden_example("icecream", 2);
	golden_example("vowels", 8);
	golden_example("bars", 6);
	golden_example("digits", 3);
	open_example(&v, "three");
	golden(&v, "three-start", 78, 20, GLYPHS_UTF8, false);
	close_shown(&v);
	open_example(&v, "faithful");
	golden(&v, "faithful-start", 78, 20, GLYPHS_UTF8, false);
	step(&v, EM_UNIT, 100);
	golden(&v, "faithful-inside", 78, 20, GLYPHS_UTF8, true);
	close_shown(&v);
}

static void test_goldens_of_tables(void **state)
{
	(void)state;
	struct shown v;
	open_deaths(&v);
	step(&v, EM_ITERATION, 5);
	goldens(&v, "deaths");
	close_shown(&v);
	open_images(&v);
	step(&v, EM_ITERATION, 3);
	goldens(&v, "images");
	v.ui.grid = 0;
	golden(&v, "rows-of-images", 78, 20, GLYPHS_UTF8, false);
	close_shown(&v);
	open_cloud(&v, "factor", "2");
	step(&v, EM_ITERATION, 5);
	goldens(&v, "factor");
	close_shown(&v);
	open_cloud(&v, "gmm", "2");
	step(&v, EM_ITERATION, 6);
	command(&v, "axes principal");
	golden(&v, "principal", 78, 20, GLYPHS_UTF8, true);
	close_shown(&v);
}

static void test_goldens_of_documents(void **state)
{
	(void)state;
	struct fixture f;
	static const int size[][2] = {{78, 20}, {118, 32}};
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 4);
	for (int i = 0; i < 4; i++) {
		char path[96];
		bool mono = i == 3, ascii = i == 2;
		const int *wh = size[i == 1];
		struct canvas *c = canvas_new(wh[0], wh[1], ascii ? GLYPHS_ASCII : GLYPHS_UTF8);
		c->mono = mono;
		view_data.draw(&f.ui, &f.pic, c, canvas_rect(c));
		snprintf(path, sizeof path, "data-documents-%dx%d-%s", wh[0], wh[1], ascii ? "ascii" : mono ? "mono" : "utf8");
		golden_check(c, path, i == 0);
		canvas_free(c);
	}
	fixture_close(&f);
}

/* ---- everything, everywhere ---- */

/* Nothing outside the rectangle, nothing but ASCII where it is asked for, no number that is none. */
static void check_sizes(struct shown *v, const char *name)
{
	for (int w = 1; w < 130; w += fit_brief() ? 38 : w < 12 ? 3 : w < 80 ? 13 : 29)
		for (int h = 1; h < 50; h += fit_brief() ? 13 : h < 12 ? 2 : 9) {
			struct rect in = {2, 2, w, h};
			struct canvas *c = canvas_new(w + 4, h + 4, (w + h) % 2 ? GLYPHS_ASCII : GLYPHS_UTF8);
			c->mono = (w + h) % 3 == 0;
			view_data.draw(&v->ui, v->pic, c, in);
			for (int y = 0; y < c->h; y++)
				for (int x = 0; x < c->w; x++) {
					uint32_t code = canvas_at(c, x, y).code;
					if (!rect_has(in, x, y) && code != ' ')
						fail_msg("%s, %dx%d: a cell outside is drawn", name, w, h);
					if (c->glyphs == GLYPHS_ASCII && code > 126)
						fail_msg("%s, %dx%d: U+%04X among ASCII", name, w, h, (unsigned)code);
				}
			if (fixture_shows(c, "nan") || fixture_shows(c, "inf"))
				fail_msg("%s, %dx%d: nan or inf", name, w, h);
			canvas_free(c);
		}
}

static void check_everywhere(struct shown *v, const char *name)
{
	static const enum em_size sizes[] = {EM_UNIT, EM_UNIT, EM_PHASE, EM_UNIT, EM_PHASE, EM_PHASE};
	check_sizes(v, name);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && !(fit_brief() && i > 2); i++) {
		step(v, sizes[i], 1);
		if (i % 2 || fit_brief())
			check_sizes(v, name);
	}
	command(v, "end");
	check_sizes(v, name);
}

static void test_any_size_and_step(void **state)
{
	(void)state;
	static const char *const names[] = {"coins", "linkage", "faithful", "waiting", "three", "icecream", "vowels", "bars",
	                                    "deaths", "digits"};
	struct shown v;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		open_example(&v, names[i]);
		check_everywhere(&v, names[i]);
		close_shown(&v);
	}
	open_deaths(&v);
	check_everywhere(&v, "deaths");
	close_shown(&v);
	open_images(&v);
	check_everywhere(&v, "images");
	close_shown(&v);
	open_cloud(&v, "factor", "1");
	check_everywhere(&v, "factor");
	close_shown(&v);
}

/* Tables at the edge of what models take. */
static void test_hostile_tables(void **state)
{
	(void)state;
	struct shown v;
	static const double alike[] = {3, 3, 3, 3, 3, 3}, few[] = {3, 3, 3.5, 3, 3, 4}, one[] = {7, -1};
	static const double huge[] = {1e100, -1e100, 2e100, 0, -1e100, 1e99, 3, 1e100};
	static const struct {
		const char *name, *k;
		size_t rows, columns;
		const double *x;
	} cases[] = {{"alike", "2", 3, 2, alike}, {"alike, one column", "2", 6, 1, alike},
	             {"one row", "1", 1, 2, one},
	             {"more components than rows", "5", 3, 2, few}, {"huge", "2", 4, 2, huge}, {"huge, one column", "2", 8, 1, huge}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool floored = cases[i].x == alike || cases[i].rows == 1;
		open_with(&v, "gmm", cases[i].k, cases[i].rows, cases[i].columns, letters, cases[i].x, floored ? "floor" : NULL, "0.01");
		check_sizes(&v, cases[i].name);
		struct em_err err;
		if (em_run_step(v.fit.run, EM_ITERATION, NULL, &err) == EM_OK)
			look(&v);
		check_sizes(&v, cases[i].name);
		if (cases[i].columns > 1)
			command(&v, "axes principal");
		check_sizes(&v, cases[i].name);
		close_shown(&v);
	}
	static const double counts[] = {0, 0, 1e15, 3};
	open_table(&v, "poisson", "3", 4, 1, letters, counts);
	check_sizes(&v, "counts of 1e15");
	step(&v, EM_ITERATION, 2);
	check_sizes(&v, "counts of 1e15");
	close_shown(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring_is_the_covariance),
		cmocka_unit_test(test_ring_on_the_canvas),
		cmocka_unit_test(test_rings_on_principal_axes),
		cmocka_unit_test(test_the_papers_table),
		cmocka_unit_test(test_bars_are_split),
		cmocka_unit_test(test_counts_of_the_histogram),
		cmocka_unit_test(test_axes_by_keys),
		cmocka_unit_test(test_choosing_observations),
		cmocka_unit_test(test_sequences_scroll),
		cmocka_unit_test(test_goldens_of_examples),
		cmocka_unit_test(test_goldens_of_tables),
		cmocka_unit_test(test_goldens_of_documents),
		cmocka_unit_test(test_any_size_and_step),
		cmocka_unit_test(test_hostile_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
