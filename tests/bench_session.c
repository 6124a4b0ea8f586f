/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a session's file costs: steps with and without a journal, saving, opening. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench_models.h"
#include "command/session.h"

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double perform(struct session *s, struct job job)
{
	struct em_err err;
	double begun = now();
	if (session_perform(s, &job, NULL, &err)) {
		fprintf(stderr, "bench: %s\n", err.msg);
		exit(1);
	}
	return now() - begun;
}

static struct job with_text(enum job_kind kind, const char *text)
{
	struct job job = {.kind = kind, .m = true};
	snprintf(job.text, sizeof job.text, "%s", text);
	return job;
}

/* Seconds of 2000 unit steps and 20 iterations of the gazette; path: a journal, or NULL. */
static double steps(const char *path)
{
	struct session *s = session_new(NULL);
	perform(s, with_text(JOB_OPEN, ""));
	if (path)
		perform(s, with_text(JOB_JOURNAL, path));
	double took = perform(s, (struct job){.kind = JOB_STEP, .size = EM_UNIT, .count = 2000});
	took += perform(s, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 20});
	session_free(s);
	return took;
}

void bench_session(void)
{
	char folder[] = "/tmp/elbow-bench-XXXXXX", journal[60], saved[60];
	struct stat st;
	if (!mkdtemp(folder))
		return;
	snprintf(journal, sizeof journal, "%s/j", folder);
	snprintf(saved, sizeof saved, "%s/s", folder);
	double plain = steps(NULL), kept = steps(journal);
	stat(journal, &st);
	printf("session: 2 040 steps of the gazette in %.2f s, with a journal %.2f s: %.0f us more a step (%.2f x), %.1f MB\n", plain, kept,
	       (kept - plain) / 2040 * 1e6, kept / plain, (double)st.st_size / 1e6);
	struct session *s = session_new(NULL);
	double opened = perform(s, with_text(JOB_OPEN, journal)), wrote = perform(s, with_text(JOB_SAVE, saved));
	printf("  opened in %.3f s, saved in %.3f s\n", opened, wrote);
	session_free(s);
	unlink(journal);
	unlink(saved);
	rmdir(folder);
}
