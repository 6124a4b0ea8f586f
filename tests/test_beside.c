/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run beside, with LDA's other E-step. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"

static enum em_status do_job(struct session *s, struct job job, struct em_err *err)
{
	return session_perform(s, &job, NULL, err);
}

static struct session *paradox(const char *e_step)
{
	struct em_err err;
	struct session *s = session_new(NULL);
	struct job example = {.kind = JOB_EXAMPLE, .name = "paradox"}, set = {.kind = JOB_SET, .name = "e_step"};
	assert_non_null(s);
	assert_int_equal(do_job(s, example, &err), EM_OK);
	snprintf(set.text, sizeof set.text, "%s", e_step);
	assert_int_equal(do_job(s, set, &err), EM_OK);
	return s;
}

static void beside(struct session *s, const char *e_step)
{
	struct em_err err;
	struct job job = {.kind = JOB_BESIDE};
	snprintf(job.text, sizeof job.text, "%s", e_step);
	if (do_job(s, job, &err))
		fail_msg("%s", err.msg);
}

static void finish(struct session *s, size_t n)
{
	struct em_err err;
	assert_int_equal(do_job(s, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = n}, &err), EM_OK);
}

/* What goes beside is what the other run would have been, whichever of the two is whose. */
static void test_paths_are_each_others(void **state)
{
	(void)state;
	static const char *const kinds[] = {"variational", "exact"};
	for (int i = 0; i < 2; i++) {
		struct session *one = paradox(kinds[i]), *two = paradox(kinds[1 - i]);
		finish(one, 3);
		beside(one, kinds[1 - i]);
		finish(one, 4);
		finish(two, 7);
		const struct picture *a = session_picture(one), *b = session_picture(two);
		assert_non_null(a->beside);
		assert_true(a->beside->exact == (i == 0));
		assert_int_equal(a->beside->count, 8);
		for (size_t j = 0; j <= 7; j++) {
			const struct em_entry *e = b->run->ledger + 2 * j;
			assert_int_equal(e->iteration, j);
			assert_true(a->beside->elbo[j] == e->elbo && a->beside->log_p[j] == e->log_evidence);
		}
		picture_release(a);
		picture_release(b);
		session_free(one);
		session_free(two);
	}
}

static void test_report(void **state)
{
	(void)state;
	struct session *s = paradox("variational");
	finish(s, 2);
	beside(s, "exact");
	const struct picture *p = session_picture(s);
	assert_string_equal(p->said,
	                    " after      mean field      mean field           exact       exact −\n"
	                    "  iter            ELBO           log p           log p    mean field\n"
	                    "     0        −12.9999        −10.2232        −10.2232       +0.0000\n"
	                    "     1        −11.5745        −10.7204         −9.6369       +1.0835\n"
	                    "     2        −11.5723        −10.7312         −9.5564       +1.1747\n"
	                    "\nThe paths part at iteration 1. After 2 the exact E-step has brought θ to a log p 1.1747 nats higher than mean "
	                    "field's.\nMean field's M-steps lowered log p in 2 of 2 iterations; the exact one's never do.\n");
	picture_release(p);
	session_free(s);
}

static void test_it_goes_when_told(void **state)
{
	(void)state;
	struct em_err err;
	struct session *s = paradox("variational");
	beside(s, "exact");
	finish(s, 1);
	beside(s, "");
	const struct picture *p = session_picture(s);
	assert_true(!p->beside && !p->said);
	picture_release(p);
	beside(s, "exact");
	assert_int_equal(do_job(s, (struct job){.kind = JOB_RESTART}, &err), EM_OK); /* another run */
	p = session_picture(s);
	assert_null(p->beside);
	picture_release(p);
	beside(s, "exact");
	assert_int_equal(do_job(s, (struct job){.kind = JOB_SET, .name = "alpha_update", .text = "symmetric"}, &err), EM_OK);
	finish(s, 2);
	p = session_picture(s);
	assert_non_null(p->beside);
	assert_true(p->beside->count == 3 && p->beside->log_p[2] > p->beside->log_p[0]);
	picture_release(p);
	session_free(s);
}

static bool at_once(void *self)
{
	(void)self;
	return true;
}

static void test_refused(void **state)
{
	(void)state;
	struct em_err err;
	struct session *s = paradox("exact");
	struct job job = {.kind = JOB_BESIDE, .text = "exact"};
	assert_int_equal(do_job(s, job, &err), EM_USAGE);
	assert_string_equal(err.msg, "beside: the run has e_step=exact itself; the other kind goes beside it");
	assert_int_equal(do_job(s, (struct job){.kind = JOB_EXAMPLE, .name = "coins"}, &err), EM_OK);
	assert_int_equal(do_job(s, job, &err), EM_USAGE);
	assert_string_equal(err.msg, "beside: the E-step of coins has one kind only; it is for lda");
	session_free(s);
	s = paradox("variational");
	finish(s, 3);
	struct em_hooks stop = {.cancelled = at_once};
	assert_int_equal(session_perform(s, &job, &stop, &err), EM_CANCELLED);
	const struct picture *p = session_picture(s);
	assert_int_equal(p->run->position, 6); /* and the run stands */
	picture_release(p);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths_are_each_others),
	    cmocka_unit_test(test_report),
	    cmocka_unit_test(test_it_goes_when_told),
	    cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
