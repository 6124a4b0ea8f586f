/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Reader: its phi and intervals are those of the run, its layout loses nothing, its cursor goes where one expects. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/special.h"
#include "fixture.h"
#include "view/order.h"
#include "view/page.h"
#include "view/reader.h"

/* ---- the Reader ---- */

/* After an E-step gamma = alpha + sum of c phi, so phi must be made from the right theta: the one q was made with. */
static void check_phi(struct fixture *f, double tolerance)
{
	const struct em_snapshot *s = &f->snapshot;
	for (size_t n = 0; n < f->corpus->docs; n++) {
		struct mind m;
		assert_true(mind_open(&m, s, n));
		assert_null(m.missing);
		double gamma[3];
		for (size_t k = 0; k < 3; k++)
			gamma[k] = s->theta[k]; /* alpha is fixed */
		for (size_t i = f->corpus->row[n]; i < f->corpus->row[n + 1]; i++) {
			size_t best = mind_phi(&m, f->corpus->term[i]);
			double sum = 0, naive[3], total = 0;
			for (size_t k = 0; k < 3; k++) {
				total += naive[k] = mind_beta(&m, k, f->corpus->term[i]) * exp(special_digamma(m.gamma[k]));
				assert_true(m.phi[k] <= m.phi[best]);
				sum += m.phi[k];
				gamma[k] += f->corpus->count[i] * m.phi[k];
			}
			assert_true(fabs(sum - 1) < 1e-12);
			for (size_t k = 0; k < 3; k++)
				assert_true(fabs(m.phi[k] - naive[k] / total) < 1e-10);
		}
		for (size_t k = 0; k < 3; k++)
			assert_true(fabs(gamma[k] - m.gamma[k]) < tolerance * (1 + m.sum));
		mind_close(&m);
	}
}

static void test_phi(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, "e_tolerance", "1e-12", "e_sweeps", "20000", NULL);
	fixture_step(&f, EM_PHASE, 1);
	check_phi(&f, 1e-9);
	fixture_step(&f, EM_PHASE, 1); /* M: q is still that of the old topics */
	check_phi(&f, 1e-9);
	fixture_step(&f, EM_ITERATION, 2);
	check_phi(&f, 1e-9);
	fixture_close(&f);
}

/* Inside an E-step a document that was swept has seen the new topics, the others have not. */
static void test_phi_inside(void **state)
{
	(void)state;
	struct fixture f;
	struct mind m;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_step(&f, EM_UNIT, 1);
	size_t swept = f.snapshot.ledger[f.snapshot.position].unit;
	for (size_t n = 0; n < f.corpus->docs; n++) {
		assert_true(mind_open(&m, &f.snapshot, n));
		assert_true((m.theta == f.snapshot.theta) == (n == swept));
		assert_true(m.moved == (n != swept));
		mind_close(&m);
	}
	fixture_close(&f);
}

static void test_intervals(void **state)
{
	(void)state;
	struct page p = {0};
	struct page_interval v = page_interval_of(&p, 0, 2, 1, 2); /* uniform */
	assert_true(fabs(v.lo - 0.05) < 1e-9 && fabs(v.hi - 0.95) < 1e-9);
	v = page_interval_of(&p, 1, 2, 3, 4); /* Beta(3, 1): x^3 */
	assert_true(fabs(v.lo - cbrt(0.05)) < 1e-9 && fabs(v.hi - cbrt(0.95)) < 1e-9);
	v = page_interval_of(&p, 0, 2, 7, 7); /* one component has it all */
	assert_true(v.lo == 1 && v.hi == 1);
	free(p.interval);
}

static size_t cells_used(const struct page *p, const struct page_run *run, size_t n)
{
	const struct page_run *last = &run[n - 1];
	return (size_t)(last->x + last->width + (last->ends && p->word[last->word].kept ? p->mark : 0));
}

/* At any width every kept word stands on a line once, lines keep to the width, and only blanks get lost. */
static void test_layout(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	for (int ascii = 0; ascii < 2; ascii++)
		for (int width = 1; width < 90; width++) {
			struct canvas like = {.glyphs = ascii ? GLYPHS_ASCII : GLYPHS_UTF8};
			for (size_t d = 0; d < f.corpus->docs; d++) {
				struct page *p = page_of(&f.ui, &f.pic, d, width, &like);
				size_t ends = 0, bytes = 0, solid = 0;
				assert_non_null(p);
				for (size_t i = 0; i < p->lines; i++) {
					struct page_run run[PAGE_RUNS];
					size_t n = page_runs(p, &f.pic, &like, i, run);
					bytes += p->line[i].to - p->line[i].from;
					for (size_t j = 0; j < n; j++)
						ends += run[j].ends && p->word[run[j].word].kept;
					if (width >= 24 && n > 0)
						assert_true(cells_used(p, run, n) <= (size_t)width);
				}
				assert_int_equal(ends, p->kept_n);
				assert_int_equal(p->kept_n, f.corpus->length[d]);
				for (size_t i = 0; i < p->text->length; i++)
					solid += p->text->bytes[i] != ' ' && p->text->bytes[i] != '\n';
				assert_true(bytes >= solid && bytes <= p->text->length);
			}
		}
	fixture_close(&f);
}

static void test_reader_moves(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 2);
	fixture_command(&f, "view reader");
	canvas_free(fixture_screen(&f, 80, 24, GLYPHS_UTF8));
	fixture_command(&f, "left");
	assert_int_equal(f.ui.token, 0);
	fixture_command(&f, "right 3");
	assert_int_equal(f.ui.token, 3);
	fixture_command(&f, "end");
	assert_int_equal(f.ui.token, f.corpus->length[0] - 1);
	fixture_command(&f, "down");
	assert_int_equal(f.ui.token, f.corpus->length[0] - 1);
	for (int i = 0; i < 10; i++)
		fixture_command(&f, "up");
	fixture_command(&f, "home");
	assert_int_equal(f.ui.token, 0);
	size_t line = page_line_of(f.ui.page, 0);
	fixture_command(&f, "down");
	assert_true(page_line_of(f.ui.page, f.ui.token) == line + 1);
	fixture_command(&f, "page-down");
	fixture_command(&f, "page-up");
	/* The words themselves. */
	fixture_command(&f, "find herring");
	const struct page_word *w = &f.ui.page->word[f.ui.page->kept[f.ui.token]];
	assert_string_equal(f.corpus->vocabulary[w->term], "herring");
	fixture_command(&f, "find boats");
	size_t first = f.ui.token;
	fixture_command(&f, "find-next");
	assert_true(f.ui.token != first);
	fixture_command(&f, "find-next"); /* around */
	assert_int_equal(f.ui.token, first);
	fixture_command(&f, "find-previous");
	assert_true(f.ui.token != first);
	fixture_close(&f);
}

static void test_reader_documents(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_command(&f, "view documents");
	fixture_command(&f, "sort elbo");
	fixture_command(&f, "home");
	fixture_command(&f, "enter");
	const size_t *order = order_of(&f.ui, &f.pic);
	fixture_command(&f, "previous-document");
	assert_int_equal(f.ui.document, order[0]);
	for (size_t i = 1; i < f.corpus->docs; i++) {
		fixture_command(&f, "next-document");
		assert_int_equal(f.ui.document, order[i]);
		canvas_free(fixture_screen(&f, 80, 24, GLYPHS_UTF8));
	}
	fixture_command(&f, "next-document");
	assert_int_equal(f.ui.document, order[f.corpus->docs - 1]);
	fixture_command(&f, "select 3");
	assert_int_equal(f.ui.document, 2);
	fixture_close(&f);
}

/* The arithmetic on the screen is that of the run, digit by digit. */
static void test_reader_why(void **state)
{
	(void)state;
	struct fixture f;
	struct mind m;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 2);
	fixture_command(&f, "view reader");
	fixture_command(&f, "select 3");
	fixture_command(&f, "arithmetic");
	fixture_command(&f, "find butter");
	struct canvas *c = fixture_screen(&f, 100, 30, GLYPHS_UTF8);
	size_t term = f.ui.page->word[f.ui.page->kept[f.ui.token]].term;
	assert_string_equal(f.corpus->vocabulary[term], "butter");
	assert_true(mind_open(&m, &f.snapshot, 2));
	mind_phi(&m, term);
	for (size_t k = 0; k < 3; k++) {
		double beta = mind_beta(&m, k, term);
		assert_true(fixture_shows(c, number_short(beta, 3).s));
		assert_true(fixture_shows(c, number_short(exp(m.log_e[k]), 3).s));
		assert_true(fixture_shows(c, number_short(exp(m.log_e[k]) * beta, 3).s));
		assert_true(fixture_shows(c, number_fixed(m.phi[k], 3).s));
	}
	mind_close(&m);
	assert_true(fixture_shows(c, "β before M 2"));
	canvas_free(c);
	fixture_step(&f, EM_PHASE, 1);
	c = fixture_screen(&f, 100, 30, GLYPHS_UTF8);
	assert_false(fixture_shows(c, "β before"));
	canvas_free(c);
	fixture_command(&f, "arithmetic");
	c = fixture_screen(&f, 100, 30, GLYPHS_UTF8);
	assert_false(fixture_shows(c, "e = exp"));
	canvas_free(c);
	fixture_close(&f);
}

/* ---- a corpus without text ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/* Puts another corpus and a run on it into an open fixture. */
static void open_bag(struct fixture *f)
{
	char folder[] = "/tmp/elbow-bag-XXXXXX", path[256];
	struct em_err err = {0};
	assert_non_null(mkdtemp(folder));
	write_file(folder, "bag.ldac", "3 0:1 1:12 2:3\n2 3:2 4:1\n0\n4 0:1 2:1 3:1 4:7\n");
	write_file(folder, "vocab.txt", "anchor\nboat\ncable\ndough\nbread\n");
	em_run_free(f->run);
	em_corpus_free(f->corpus);
	snprintf(path, sizeof path, "%s/bag.ldac", folder);
	enum em_status st = em_corpus_open(path, f->settings, &f->corpus, &err);
	unlink(path);
	snprintf(path, sizeof path, "%s/vocab.txt", folder);
	unlink(path);
	rmdir(folder);
	if (st)
		fail_msg("%s", err.msg);
	f->data = (struct em_data){EM_DATA_CORPUS, "bag", f->corpus->docs, f->corpus, NULL, NULL};
	assert_int_equal(em_run_new(em_model_named("lda"), &f->data, f->settings, &em_evidence_exact, NULL, NULL, &f->run, &err), EM_OK);
}

static void test_bag(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	open_bag(&f);
	fixture_step(&f, EM_ITERATION, 2);
	fixture_command(&f, "view reader");
	struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	assert_true(fixture_shows(c, "×12"));
	assert_false(fixture_shows(c, "×1 "));
	canvas_free(c);
	assert_int_equal(f.ui.page->kept_n, 3);
	assert_int_equal(f.ui.page->word[0].term, 1); /* the most frequent first */
	fixture_command(&f, "find cable");
	assert_int_equal(f.ui.token, 1);
	fixture_command(&f, "next-document");
	fixture_command(&f, "next-document");
	canvas_free(fixture_screen(&f, 80, 24, GLYPHS_UTF8)); /* an empty one */
	fixture_command(&f, "view documents");
	fixture_command(&f, "find dough");
	assert_true(f.ui.document == 1 || f.ui.document == 3);
	fixture_close(&f);
}

/* Every document of a corpus with all sorts of text, at a few sizes, word by word. */
static void test_all_words(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, "components", "12", NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_command(&f, "view reader");
	f.ui.why = true;
	for (size_t d = 0; d < f.corpus->docs; d++) {
		order_select(&f.ui, d);
		for (size_t i = 0; i <= f.corpus->length[d]; i++) {
			canvas_free(fixture_screen(&f, 40 + (int)(i % 50), 10 + (int)(i % 20), i % 2 ? GLYPHS_ASCII : GLYPHS_UTF8));
			assert_true(f.corpus->length[d] == 0 || f.ui.token == (i < f.corpus->length[d] ? i : f.corpus->length[d] - 1));
			fixture_command(&f, "right");
		}
	}
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phi), cmocka_unit_test(test_phi_inside),
		cmocka_unit_test(test_intervals), cmocka_unit_test(test_layout),
		cmocka_unit_test(test_reader_moves), cmocka_unit_test(test_reader_documents),
		cmocka_unit_test(test_reader_why), cmocka_unit_test(test_bag),
		cmocka_unit_test(test_all_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
