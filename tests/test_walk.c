/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A thousand random steps forward and back, of any size, settings changed on the way: every place has the bits it had. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fit.h"

enum { MOST = 4000 };

/* What a place in the ledger had when it was made. */
struct place {
	double elbo;
	uint64_t bits;
	bool inside, next_m;
};

static uint64_t digest(uint64_t h, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t x;
		memcpy(&x, v + i, sizeof x);
		h = (h ^ x) * 0x100000001b3u;
		h ^= h >> 29;
	}
	return h;
}

static struct place here(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	const struct em_layout *l = &s->problem->layout;
	struct place p = {s->ledger[s->position].elbo, 0xcbf29ce484222325u, s->inside, s->next_m};
	p.bits = digest(p.bits, s->theta, l->theta_size);
	p.bits = digest(p.bits, s->theta_made, l->theta_size);
	p.bits = digest(p.bits, s->q, l->observations * l->q_stride);
	for (size_t n = 0; n < l->observations; n++)
		p.bits = digest(p.bits, &s->obs[n].elbo, 1);
	em_snapshot_release(s);
	return p;
}

static void same(const struct place *a, const struct place *b, size_t at)
{
	if (a->bits != b->bits || a->elbo != b->elbo || a->inside != b->inside || a->next_m != b->next_m)
		fail_msg("step %zu is not what it was: ELBO %.17g, was %.17g", at, b->elbo, a->elbo);
}

/* position: of the run; *known: places after it are of a future that may be replaced. */
static void walk(struct fit *f, const char *const (*settings)[2], size_t choices, int steps)
{
	struct place *place = calloc(MOST, sizeof *place);
	size_t position = 0, known = 0;
	uint64_t rng = 77;
	place[0] = here(f);
	for (int i = 0; i < steps; i++) {
		uint64_t what = small_next(&rng) % 16;
		if (what < 4) { /* far, and to the end again; or a little back */
			size_t back = small_next(&rng) % 4, to = what < 3 ? small_next(&rng) % (known + 1) : position > back ? position - back : 0;
			assert_int_equal(em_run_goto(f->run, to, NULL, &f->err), EM_OK);
			struct place there = here(f);
			same(place + to, &there, to);
			position = what < 3 ? known : to;
			assert_int_equal(em_run_goto(f->run, position, NULL, &f->err), EM_OK);
		} else if (what == 4) {
			const char *const *set = settings[small_next(&rng) % choices];
			if (em_run_set(f->run, set[0], set[1], &f->err))
				fail_msg("%s", f->err.msg);
			continue;
		} else {
			enum em_size size = what < 8 ? EM_UNIT : what < 11 ? EM_SWEEP : what < 14 ? EM_PHASE : EM_ITERATION;
			fit_step(f, size);
			const struct em_snapshot *s = fit_look(f);
			size_t to = s->position, entries = s->entries;
			em_snapshot_release(s);
			if (entries == to + 1) { /* made anew, in place of what was there: an iteration in one entry or two */
				for (size_t j = position + 1; j < to; j++) {
					assert_int_equal(em_run_goto(f->run, j, NULL, &f->err), EM_OK);
					place[j] = here(f);
				}
				assert_int_equal(em_run_goto(f->run, to, NULL, &f->err), EM_OK);
				place[to] = here(f);
				known = to;
			} /* else it went where it had been */
			position = to;
			assert_true(known < MOST - 3);
		}
		struct place now = here(f);
		same(place + position, &now, position);
	}
	for (size_t i = known + 1; i-- > 0;) {
		assert_int_equal(em_run_goto(f->run, i, NULL, &f->err), EM_OK);
		struct place now = here(f);
		same(place + i, &now, i);
	}
	assert_true(known > 60 || fit_brief());
	free(place);
}

static void test_lda(void **state)
{
	(void)state;
	static const char *const settings[][2] = {{"alpha_update", "symmetric"}, {"alpha_update", "fixed"}, {"e_start", "warm"},
	                                          {"e_start", "guarded"}, {"e_order", "sequential"}, {"e_order", "batch"},
	                                          {"accelerate", "squarem"}, {"accelerate", "none"}, {"threads", "1"}, {"threads", "3"},
	                                          {"e_sweeps", "3"}, {"e_sweeps", "200"}};
	struct fit f;
	fit_open(&f, "lda", small_random(5, 14, 12, 20), NULL, NULL, "components", "3", "history_memory", "1", NULL);
	walk(&f, settings, sizeof settings / sizeof settings[0], fit_brief() ? 60 : 1000);
	fit_close(&f);
}

/* States far beyond the memory for them: most places are made again when gone to. */
static void test_short_memory(void **state)
{
	(void)state;
	static const char *const settings[][2] = {{"threads", "1"}, {"threads", "2"}, {"accelerate", "squarem"}, {"accelerate", "none"}};
	struct fit f;
	if (fit_brief())
		return;
	fit_open(&f, "unigrams", small_random(6, 300, 400, 40), NULL, NULL, "components", "9", "history_memory", "1", NULL);
	walk(&f, settings, 4, 400);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lda), cmocka_unit_test(test_short_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
