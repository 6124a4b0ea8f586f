/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program killed while it keeps a session, and on disks that end: no finished step is lost. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "elbow/session_file.h"
#include "place.h"

enum { KILLS = 12, STEPS = 500 };
#define PLAN "step 150; finish 100; sweep 50"

/* The program with these words, its standard output to read. */
static pid_t start(const char *const *words, size_t most, FILE **out)
{
	int fd[2];
	assert_int_equal(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit limit = {most, most};
		int null = open("/dev/null", O_WRONLY);
		dup2(fd[1], 1);
		dup2(null, 2);
		close(fd[0]);
		close(fd[1]);
		if (most)
			setrlimit(RLIMIT_FSIZE, &limit);
		execv(getenv("ELBOW"), (char **)(uintptr_t)words);
		_exit(127);
	}
	close(fd[1]);
	*out = fdopen(fd[0], "r");
	assert_non_null(*out);
	return pid;
}

/* The next step that is told of: its ELBO. False: the end. */
static bool next(FILE *in, size_t *step, double *elbo)
{
	char line[4096];
	if (!fgets(line, sizeof line, in))
		return false;
	json_t *o = json_loads(line, 0, NULL), *s = json_object_get(o, "step");
	if (s) {
		*step = (size_t)json_integer_value(s);
		*elbo = json_real_value(json_object_get(o, "elbo"));
	}
	json_decref(o);
	return s != NULL;
}

static int ended(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the file has: as many steps as were told of at the least, each with the bits it should have. */
static size_t check_file(const char *path, const double *elbo, size_t told)
{
	struct em_file *f = NULL;
	struct em_err err = {0};
	struct em_file_kept k;
	const struct em_model *m = em_model_named("lda");
	const struct em_setting_table *tables[] = {m->settings, &em_run_settings, em_data_settings(m->takes)};
	if (em_file_open(path, false, &f, &err) || em_file_ledger(f, 0, tables, 3, &k, &err))
		fail_msg("%s", err.msg);
	assert_false(k.damaged);
	assert_true(k.count > told);
	for (size_t i = 0; i < k.count; i++)
		assert_memory_equal(&k.all[i].entry.elbo, elbo + i, sizeof *elbo);
	size_t count = k.count;
	em_file_kept_free(&k);
	em_file_close(f);
	return count;
}

static size_t reference(double *elbo)
{
	FILE *in;
	size_t step, count = 0;
	const char *const words[] = {"elbow", "--json", "--example", "basins", "-e", PLAN, NULL};
	pid_t pid = start(words, 0, &in);
	for (double x; next(in, &step, &x); count++)
		elbo[step] = x;
	fclose(in);
	assert_int_equal(ended(pid), 0);
	assert_true(count > 300 && count < STEPS);
	return count;
}

static void test_kills(void **state)
{
	(void)state;
	double elbo[STEPS], x;
	size_t all = reference(elbo);
	srand(5);
	for (int i = 0; i < KILLS; i++) {
		const char *path = in_place("k.elbow");
		const char *const words[] = {"elbow", "--json", "--example", "basins", "--session", path, "-e", PLAN, NULL};
		const char *const again[] = {"elbow", "--json", path, "-e", "next", NULL};
		size_t told = 0, kill_at = 1 + (size_t)rand() % (all - 2);
		FILE *in;
		pid_t pid = start(words, 0, &in);
		while (next(in, &told, &x) && told < kill_at)
			;
		kill(pid, SIGKILL);
		while (next(in, &told, &x)) /* what was told before it died */
			;
		fclose(in);
		ended(pid);
		assert_true(told >= kill_at);
		size_t kept = check_file(path, elbo, told);
		pid = start(again, 0, &in); /* and it goes on from there */
		while (next(in, &told, &x))
			;
		fclose(in);
		assert_int_equal(ended(pid), 0);
		assert_int_equal(told, kept);
		unlink(path);
		unlink(in_place("k.elbow-wal"));
		unlink(in_place("k.elbow-shm"));
	}
}

/* The file may not grow beyond some size: the run goes on, the journal ends, and what is in it can be opened. */
static void test_full(void **state)
{
	(void)state;
	double elbo[STEPS], x;
	size_t step = 0, told = 0;
	size_t all = reference(elbo);
	for (size_t most = 150000; most <= 600000; most += 150000) {
		const char *path = in_place("full.elbow");
		const char *const words[] = {"elbow", "--json", "--example", "basins", "--session", path, "-e", PLAN, NULL};
		FILE *in;
		pid_t pid = start(words, most, &in);
		for (told = 0; next(in, &step, &x); told = step)
			assert_memory_equal(&x, elbo + step, sizeof x);
		fclose(in);
		assert_int_equal(ended(pid), 1);
		assert_true(told < all);
		assert_true(check_file(path, elbo, 0) > 1);
		unlink(path);
		unlink(in_place("full.elbow-wal"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_kills, make_place, drop_place),
	                                   cmocka_unit_test_setup_teardown(test_full, make_place, drop_place)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
