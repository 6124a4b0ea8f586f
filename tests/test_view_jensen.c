/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view Jensen: its numbers on the screen, that the inequality can be broken, and that f is concave where it says so. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jensen.h"
#include "fixture.h"
#include "small.h"

/* ---- the functions ---- */

/* f'' by second differences, as a sign; 0 where it cannot be told from rounding. */
static int bend(const struct jensen_function *f, double x, double h)
{
	double d = f->f(x - h) - 2 * f->f(x) + f->f(x + h);
	return d < -1e-12 ? -1 : d > 1e-12 ? 1 : 0;
}

static void test_concave_where_it_says(void **state)
{
	(void)state;
	const struct jensen_function *f;
	for (size_t i = 0; (f = jensen_at(i)); i++) {
		assert_ptr_equal(jensen_named(f->name), f);
		assert_true(f->lo <= f->from && f->from < f->to && f->to <= f->hi);
		assert_true(f->concave >= f->until || (f->concave >= f->lo && f->until <= f->hi));
		const double h = 1e-3;
		for (double x = f->lo + h; x <= f->hi - h; x += 1e-3) {
			bool in = x - h > f->concave && x + h < f->until, out = x + h < f->concave || x - h > f->until;
			if (f->concave >= f->until)
				out = true, in = false;
			if ((in && bend(f, x, h) > 0) || (out && bend(f, x, h) < 0))
				fail_msg("%s bends the other way at %g", f->name, x);
		}
		/* The ends are where the bend turns, unless v can go no further. */
		if (f->concave < f->until && f->concave > f->lo) {
			assert_int_equal(bend(f, f->concave - 2 * h, h), 1);
			assert_int_equal(bend(f, f->concave + 2 * h, h), -1);
		}
		if (f->concave < f->until && f->until < f->hi) {
			assert_int_equal(bend(f, f->until - 2 * h, h), -1);
			assert_int_equal(bend(f, f->until + 2 * h, h), 1);
		}
	}
	assert_null(jensen_named("sine"));
	assert_float_equal(jensen_named("bell")->concave, 1.2929, 5e-5);
	assert_float_equal(jensen_named("bell")->until, 2.7071, 5e-5);
}

/* Promised where both values lie inside; anything else anywhere else. */
static void test_holds_where_promised(void **state)
{
	(void)state;
	const struct jensen_function *f;
	uint64_t seed = 7;
	for (size_t i = 0; (f = jensen_at(i)); i++)
		for (int n = 0; n < 20000; n++) {
			struct jensen_case c = {f, f->lo + (f->hi - f->lo) * small_uniform(&seed),
			                        f->lo + (f->hi - f->lo) * small_uniform(&seed), small_uniform(&seed)};
			struct jensen_sides s = jensen_sides_of(&c);
			if (s.inside)
				assert_true(s.gap >= 0 || s.equal);
			if (f->concave >= f->until)
				assert_true(s.gap <= 0 || s.equal);
			assert_true(isfinite(s.gap));
		}
	struct jensen_case same = {jensen_named("log"), 3, 3, 0.1};
	assert_true(jensen_sides_of(&same).equal);
}

static void test_published(void **state)
{
	(void)state;
	struct jensen_case c = jensen_first();
	struct jensen_sides s = jensen_sides_of(&c);
	assert_float_equal(s.f1, 0.3679, 5e-5);
	assert_float_equal(s.f2, 0.7788, 5e-5);
	assert_float_equal(s.mean_f, 0.6555, 5e-5);
	assert_float_equal(s.mean, 2.05, 1e-12);
	assert_float_equal(s.f_mean, 0.9975, 5e-5);
	assert_false(s.inside);
	c = (struct jensen_case){c.function, 0, 2.5, 0.8};
	s = jensen_sides_of(&c);
	assert_float_equal(s.mean_f, 0.1704, 5e-5);
	assert_float_equal(s.f_mean, 0.1054, 5e-5);
}

/* ---- the view ---- */

static void shows(struct fixture *f, int w, int h, const char *const *texts)
{
	struct canvas *c = fixture_screen(f, w, h, GLYPHS_UTF8);
	for (size_t i = 0; texts[i]; i++)
		if (!fixture_shows(c, texts[i]))
			fail_msg("\"%s\" is not on the screen", texts[i]);
	canvas_free(c);
}

static void lacks(struct fixture *f, const char *text)
{
	struct canvas *c = fixture_screen(f, 80, 24, GLYPHS_UTF8);
	assert_false(fixture_shows(c, text));
	canvas_free(c);
}

static void test_says_the_numbers(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_command(&f, "view 9");
	shows(&f, 80, 24, (const char *const[]){"[9", "exp(−(x−2)²)", "f(v1) 0.3679", "f(v2) 0.7788", "2.05", "0.6555", "0.9975",
	                                        "≤", "holds", "[1.2929, 2.7071]", "v1 = 1 lies", "░", NULL});
	lacks(&f, "BROKEN");
	fixture_command(&f, "jensen v1 0");
	fixture_command(&f, "jensen alpha .8");
	shows(&f, 80, 24, (const char *const[]){"0.1704", "0.1054", "> f(E[v]): BROKEN", "v1 = 0 lies", "−0.0650", NULL});
	fixture_command(&f, "jensen reset");
	shows(&f, 200, 60, (const char *const[]){"E[f(v)] 0.6555", "f(E[v]) 0.9975", "f(v1) 0.3679", "f(v2) 0.7788", "holds",
	                                         "KL(q‖p)", NULL});
	fixture_command(&f, "jensen v1 1.5");
	shows(&f, 100, 30, (const char *const[]){"v1 and v2 lie inside", "holds", NULL});
	fixture_command(&f, "jensen v2 1.5");
	shows(&f, 100, 30, (const char *const[]){"Both sides are equal", NULL});
	fixture_close(&f);
}

static void test_other_functions(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_command(&f, "jensen function log"); /* from any view */
	assert_string_equal(f.ui.view->name, "jensen");
	shows(&f, 80, 24, (const char *const[]){"f(x) = log x", "for all x > 0", "0.6414", "0.7178", "holds", NULL});
	fixture_command(&f, "jensen v1 -2"); /* log needs more than 0 */
	assert_float_equal(f.ui.jensen.now.v1, f.ui.jensen.now.function->lo, 0);
	shows(&f, 80, 24, (const char *const[]){"v1 = −2 is out of range", "taken as 0.01", NULL});
	fixture_command(&f, "down");
	lacks(&f, "out of range");
	fixture_command(&f, "jensen function square");
	fixture_command(&f, "jensen v1 -1");
	shows(&f, 80, 24, (const char *const[]){"f(x) = x²", "reversed", "convex", NULL});
	fixture_command(&f, "jensen function sqrt"); /* -1 has no root */
	assert_float_equal(f.ui.jensen.now.v1, 0, 0);
	shows(&f, 80, 24, (const char *const[]){"√x", "taken as 0", "holds", NULL});
	for (int i = 0; i < 5; i++)
		fixture_command(&f, "jensen function next");
	assert_string_equal(f.ui.jensen.now.function->name, "sqrt"); /* once round */
	fixture_close(&f);
}

static void test_keys(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_command(&f, "view jensen");
	assert_string_equal(cmd_key_find("jensen", "f")->line, "jensen function next");
	assert_string_equal(cmd_key_find("bound", "f")->line, "finish");
	struct jensen_case *now = &f.ui.jensen.now;
	fixture_command(&f, "right");
	assert_float_equal(now->v1, 1.05, 0);
	fixture_command(&f, "left 3");
	assert_float_equal(now->v1, 0.9, 0);
	fixture_command(&f, "down");
	fixture_command(&f, "page-up");
	assert_float_equal(now->v2, 3, 0);
	fixture_command(&f, "end");
	assert_float_equal(now->v2, now->function->hi, 0);
	fixture_command(&f, "down 9");
	for (int i = 0; i < 7; i++)
		fixture_command(&f, "left");
	assert_float_equal(now->alpha, 0, 0);
	assert_string_equal(f.ui.jensen.said, "α = −0.05 is out of range (a probability is from 0 to 1); taken as 0.");
	fixture_command(&f, "page-up");
	assert_float_equal(now->alpha, 0.25, 0);
	fixture_command(&f, "home");
	assert_float_equal(now->alpha, 0, 0);
	fixture_command(&f, "up 9");
	assert_int_equal(f.ui.jensen.row, JENSEN_V1);
	fixture_close(&f);
}

static void test_refuses(void **state)
{
	(void)state;
	struct fixture f;
	struct em_err err = {0};
	const char *line;
	static const char *const bad[][4] = {
		{"jensen", "v1", "two", "is not a number"},   {"jensen", "v3", "1", "v1 X, v2 X, alpha X"},
		{"jensen", "v1", NULL, "v1 X, v2 X, alpha X"}, {"jensen", "function", "sine", "bell, log, sqrt, entropy, square"},
		{"jensen", "alpha", "nan", "is not a number"}, {"jensen", "reset", "now", "or reset"},
	};
	fixture_open(&f, NULL, NULL);
	struct jensen_case before = f.ui.jensen.now;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char *argv[] = {(char *)(uintptr_t)bad[i][0], (char *)(uintptr_t)bad[i][1], (char *)(uintptr_t)bad[i][2], NULL};
		assert_int_equal(ui_command(&f.ui, &f.pic, bad[i][2] ? 3 : 2, argv, &line, &err), EM_USAGE);
		if (!strstr(err.msg, bad[i][3]))
			fail_msg("%s", err.msg);
	}
	assert_memory_equal(&before, &f.ui.jensen.now, sizeof before);
	fixture_close(&f);
}

/* The view alone, on a canvas of its own: the frame is none of its business. */
static struct canvas *alone(struct fixture *f, int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	c->mono = f->ui.mono;
	view_jensen.draw(&f->ui, &f->pic, c, canvas_rect(c));
	return c;
}

static void golden(struct fixture *f, const char *name, int w, int h, enum glyphs glyphs, bool styles)
{
	char path[96];
	struct canvas *c = alone(f, w, h, glyphs);
	snprintf(path, sizeof path, "jensen-%s-%dx%d-%s", name, w, h,
	         glyphs == GLYPHS_ASCII ? "ascii" : f->ui.mono ? "mono" : "utf8");
	golden_check(c, path, styles);
	canvas_free(c);
}

static void test_goldens(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	golden(&f, "post", 78, 20, GLYPHS_UTF8, true);
	golden(&f, "post", 78, 20, GLYPHS_ASCII, false);
	golden(&f, "post", 158, 46, GLYPHS_UTF8, false);
	golden(&f, "post", 48, 26, GLYPHS_UTF8, false);
	golden(&f, "post", 38, 7, GLYPHS_ASCII, false);
	f.ui.mono = true;
	golden(&f, "post", 78, 20, GLYPHS_UTF8, true);
	f.ui.mono = false;
	fixture_command(&f, "jensen v1 0");
	fixture_command(&f, "jensen alpha .8");
	golden(&f, "broken", 78, 20, GLYPHS_UTF8, false);
	fixture_command(&f, "jensen reset");
	fixture_command(&f, "jensen function log");
	golden(&f, "log", 78, 20, GLYPHS_UTF8, false);
	fixture_close(&f);
}

/* Nothing is drawn outside the rectangle, whatever its size and whatever is set. */
static void test_any_size(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	const struct jensen_function *fn;
	for (size_t i = 0; (fn = jensen_at(i)); i++)
		for (int ends = 0; ends < 2; ends++) {
			f.ui.jensen.now = ends ? (struct jensen_case){fn, fn->lo, fn->hi, 0} : (struct jensen_case){fn, fn->hi, fn->hi, 1};
			for (int w = 1; w < 120; w += w < 12 ? 1 : 9)
				for (int h = 1; h < 40; h += h < 12 ? 1 : 7) {
					struct canvas *c = canvas_new(w + 4, h + 4, h % 2 ? GLYPHS_ASCII : GLYPHS_UTF8);
					view_jensen.draw(&f.ui, &f.pic, c, (struct rect){2, 2, w, h});
					for (int y = 0; y < c->h; y++)
						for (int x = 0; x < c->w; x++)
							if (!rect_has((struct rect){2, 2, w, h}, x, y) && canvas_at(c, x, y).code != ' ')
								fail_msg("%dx%d: a cell outside is drawn", w, h);
					canvas_free(c);
				}
		}
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_concave_where_it_says),
		cmocka_unit_test(test_holds_where_promised),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_says_the_numbers),
		cmocka_unit_test(test_other_functions),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_goldens),
		cmocka_unit_test(test_any_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
