/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program without a terminal: its report, its messages, its exit status. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"

struct ran {
	char *out, *err;
	int status; /* exit status; 128 + n after signal n */
};

static void drain(int fd, struct buf *b)
{
	char room[4096];
	for (ssize_t n; (n = read(fd, room, sizeof room)) > 0;)
		buf_add(b, room, (size_t)n);
	close(fd);
}

/* Runs `script` under sh with $ELBOW set, a clean environment and `input` on standard input. */
static struct ran run_in(const char *locale, const char *input, const char *script)
{
	char command[4096], in_path[] = "/tmp/elbow-test-XXXXXX", err_path[] = "/tmp/elbow-test-XXXXXX";
	int out[2], in = mkstemp(in_path), err = mkstemp(err_path), status = 0;
	const char *program = getenv("ELBOW");
	struct ran r = {0};
	struct buf b = {0}, e = {0};
	assert_non_null(program);
	assert_int_equal(write(in, input, strlen(input)), strlen(input));
	lseek(in, 0, SEEK_SET);
	assert_int_equal(pipe(out), 0);
	snprintf(command, sizeof command, "ELBOW='%s'; elbow() { \"$ELBOW\" \"$@\"; }; %s", program, script);
	pid_t pid = fork();
	if (pid == 0) {
		char lc[64];
		snprintf(lc, sizeof lc, "LC_ALL=%s", locale);
		char *env[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", lc, "TERM=dumb", "ASAN_OPTIONS=exitcode=77", "OMP_WAIT_POLICY=passive", NULL};
		dup2(in, 0);
		dup2(out[1], 1);
		dup2(err, 2);
		close(out[0]);
		close(out[1]);
		execle("/bin/sh", "sh", "-c", command, (char *)NULL, env);
		_exit(127);
	}
	close(in);
	close(out[1]);
	drain(out[0], &b);
	waitpid(pid, &status, 0);
	lseek(err, 0, SEEK_SET);
	drain(err, &e);
	unlink(in_path);
	unlink(err_path);
	r.out = buf_take(&b);
	r.err = buf_take(&e);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return r;
}

static struct ran run(const char *script)
{
	return run_in("C.UTF-8", "", script);
}

static void done(struct ran *r)
{
	free(r->out);
	free(r->err);
}

static void test_report(void **state)
{
	(void)state;
	struct ran r = run("elbow -s tolerance=20");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_null(strchr(r.out, '\033'));
	static const char *const parts[] = {"gazette: 140 documents", "step  iter  phase", "     1     1  E  ", "log p(X|θ)",
	                                    "converged: ", "topic 4", "How to go on"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(r.out, parts[i]));
	struct ran again = run("elbow -s tolerance=20 --set threads=1"); /* the same bits, so the same text */
	assert_string_equal(r.out, again.out);
	done(&again);
	done(&r);
	r = run_in("C", "", "elbow -k 2 -s tolerance=20 --set evidence_budget=0");
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.out, "log p(X|theta)"));
	assert_non_null(strstr(r.out, "unknown"));
	for (const char *p = r.out; *p; p++)
		assert_true((unsigned char)*p < 0x80);
	done(&r);
}

static void test_messages(void **state)
{
	(void)state;
	static const struct {
		const char *input, *script, *says;
		int status;
	} cases[] = {
		{"", "elbow /nowhere/at/all", "elbow: /nowhere/at/all: ", 2},
		{"", "elbow -k none", "elbow: components: \"none\" is not a whole number", 2},
		{"", "elbow -s alhpa=1", "elbow: no setting named \"alhpa\"; did you mean alpha?", 2},
		{"", "elbow -s alpha", "elbow: --set alpha: give NAME=VALUE", 2},
		{"", "elbow -m gmmm", "elbow: model: \"gmmm\" is not a choice; give ", 2},
		{"", "elbow --nonsense", "unrecognized option", 2},
		{"", "elbow a b", "elbow: one DATA at a time; \"b\" is too many", 2},
		{"", "elbow -b -e stap", "elbow: no command \"stap\"; did you mean step?", 2},
		{"", "elbow -b -e 'goto 9'", "elbow: no step 9; the ledger has steps 0 to 0", 2},
		{"", "elbow --init /nowhere.json", "elbow: /nowhere.json: ", 2},
		{"", "elbow -x /nowhere.elbow", "elbow: /nowhere.elbow: ", 2},
		{"", "elbow -", "elbow: ", 2},
		{"the and of\nto a in\n", "elbow -", "none left", 2},
		{"a,b\n1,2\n", "cat >/tmp/elbow-t-$$.csv; elbow /tmp/elbow-t-$$.csv; s=$?; rm /tmp/elbow-t-$$.csv; exit $s",
		 "--set text=COLUMN", 2},
		{"", "elbow -b -e 'export trace /nowhere/x.csv'", "elbow: /nowhere/x.csv: ", 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ran r = run_in("C.UTF-8", cases[i].input, cases[i].script);
		if (r.status != cases[i].status || !strstr(r.err, cases[i].says))
			fail_msg("%s: status %d, said %s", cases[i].script, r.status, r.err);
		assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1); /* one line */
		done(&r);
	}
}

/* Escape sequences in data come out as letters or not at all, wherever they are shown. */
static void test_hostile_text(void **state)
{
	(void)state;
	struct ran r = run_in("C.UTF-8", "boat \033[31mnet\033[0m boat \007 tide\nnet net \302\233 boat tide\xff boat\n",
	                      "elbow -k 2 -b -e 'show corpus' -e finish -e 'show topics' -e 'show document 1' -");
	assert_int_equal(r.status, 0);
	assert_null(strchr(r.out, '\033'));
	assert_null(strchr(r.out, '\007'));
	assert_null(strstr(r.out, "\302\233"));
	assert_non_null(strstr(r.out, "boat"));
	done(&r);
}

static void test_broken_outputs(void **state)
{
	(void)state;
	struct ran r = run("elbow -s tolerance=20 | head -n 1");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	done(&r);
	if (access("/dev/full", W_OK) == 0) {
		r = run("elbow -s tolerance=20 >/dev/full");
		assert_int_equal(r.status, 1);
		assert_non_null(strstr(r.err, "elbow: standard output: "));
		done(&r);
	}
}

static void test_scripts_and_files(void **state)
{
	(void)state;
	struct ran r = run("d=$(mktemp -d) && cd \"$d\" && mkdir 'a b' && printf 'finish 2\\nexport state s.json\\n' >'a b/one.elbow' && "
	                   "elbow -b -x 'a b/one.elbow' -e 'export topics t.csv' && "
	                   "elbow -b --init s.json -e 'export topics u.csv' -e 'view topics' -e 'screenshot t.txt' "
	                   "-e 'screenshot t.svg' && cmp t.csv u.csv && head -c 4 t.svg && grep -c council t.txt; s=$?; "
	                   "cd /; rm -r \"$d\"; exit $s");
	if (r.status != 0)
		fail_msg("%d: %s%s", r.status, r.out, r.err);
	assert_non_null(strstr(r.out, "<svg"));
	done(&r);
	r = run("d=$(mktemp -d) && cd \"$d\" && elbow -b -e 'export trace t.csv' -e 'export trace t.csv'; s=$?; cd /; rm -r \"$d\"; exit $s");
	assert_int_equal(r.status, 2);
	assert_non_null(strstr(r.err, "t.csv"));
	done(&r);
}

/* Models and examples from the command line: exit status, messages, a start from a file, Q that falls. */
static void test_models(void **state)
{
	(void)state;
	struct ran r = run("d=$(mktemp -d) && cd \"$d\" && printf 'heads,tosses\n5,10\n9,10\n8,10\n4,10\n7,10\n' >five.csv && "
	                   "printf '{\"elbow\":1,\"model\":\"coins\",\"settings\":{\"components\":\"2\"},"
	                   "\"theta\":{\"weights\":[0.5,0.5],\"bias\":[0.9,0.1]}}' >far.json && "
	                   "elbow -b -m coins --init far.json -s weights_update=fixed five.csv -e 'finish 4' -e 'show ledger' "
	                   "-e 'view terms' -e 'screenshot t.txt' && cat t.txt; s=$?; cd /; rm -r \"$d\"; exit $s");
	if (r.status != 0)
		fail_msg("%d: %s%s", r.status, r.out, r.err);
	assert_non_null(strstr(r.out, "−40.9866")); /* log p at the start, and after two M-steps */
	assert_non_null(strstr(r.out, "−31.8405"));
	assert_non_null(strstr(r.out, "−31.6171"));
	assert_non_null(strstr(r.out, "it fell in 3 of 3 iterations"));
	done(&r);
	r = run("elbow -b --example three -s init=observations -e continue");
	assert_int_equal(r.status, 1); /* a component collapses */
	assert_non_null(strstr(r.err, "collapses"));
	done(&r);
	r = run("elbow -b -m linkage -e continue -e 'show components' && elbow -b -e 'selftest linkage'");
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.out, "all as published"));
	done(&r);
	r = run("elbow -b --example coins -e 'landscape move' -e 'screenshot /dev/null/x.txt'");
	assert_int_not_equal(r.status, 0);
	done(&r);
	r = run("d=$(mktemp -d) && cd \"$d\" && printf 'c,d\\n1,2\\n3,5\\n4,1\\n' >one.csv && printf 'name,a\\nx,1\\ny,3\\nz,8\\n' >two.csv && "
	        "elbow -b -m gmm -k 1 -s columns=d one.csv -e 'open two.csv columns=a' -e 'show data' -e 'open one.csv' -e 'show data'; s=$?; "
	        "cd /; rm -r \"$d\"; exit $s");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "two.csv\n  3 rows, 1 column\n  a  from 1 to 8, mean 4, standard deviation 2.94392\n"
	                           "one.csv\n  3 rows, 2 columns\n  c  from 1 to 4, mean 2.66667, standard deviation 1.24722\n"
	                           "  d  from 1 to 5, mean 2.66667, standard deviation 1.69967\n");
	done(&r);
	r = run("elbow -b --example coins -m gmm");
	assert_int_equal(r.status, 2);
	assert_string_equal(r.err, "elbow: the example coins is not for gmm but for coins\n");
	done(&r);
}

static void test_information(void **state)
{
	(void)state;
	struct ran r = run("elbow --version && elbow --help && elbow --man | head -n 3 && elbow -b -e help");
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.out, ".TH ELBOW 1"));
	assert_non_null(strstr(r.out, "--components N"));
	done(&r);
	if (access("/usr/bin/man", X_OK) == 0 && access("/usr/bin/groff", X_OK) == 0) {
		r = run("elbow --man | groff -man -Tutf8 -Kutf8 -ww 2>&1 >/dev/null");
		assert_string_equal(r.out, "");
		done(&r);
	}
}

/* Every line is an object; a step has its numbers, unknown ones null; the last is the verdict. */
static void test_json(void **state)
{
	(void)state;
	struct ran r = run("elbow --json --example coins");
	assert_int_equal(r.status, 0);
	size_t steps = 0, verdicts = 0;
	double elbo = -1e300;
	for (char *save = NULL, *line = strtok_r(r.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_error_t why;
		json_t *o = json_loads(line, 0, &why);
		if (!o)
			fail_msg("%s: %s", why.text, line);
		assert_int_equal(verdicts, 0); /* nothing comes after it */
		if (json_object_get(o, "verdict")) {
			assert_string_equal(json_string_value(json_object_get(o, "verdict")), "converged");
			verdicts++;
		} else {
			assert_int_equal(json_integer_value(json_object_get(o, "step")), steps);
			assert_true(json_is_null(json_object_get(o, "gain")) == (steps == 0));
			double now = json_real_value(json_object_get(o, "elbo"));
			assert_true(now >= elbo - 1e-9);
			elbo = now;
			assert_int_equal(json_object_size(json_object_get(o, "terms")), 3);
			steps++;
		}
		json_decref(o);
	}
	assert_true(steps > 10 && verdicts == 1);
	assert_string_equal(r.err, "");
	free(r.out);
	free(r.err);
}

/* 0 converged or stopped as asked, 1 fell or broken, 2 a wrong word, 3 at the limit. */
static void test_exit_is_the_verdict(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		int status;
	} cases[] = {
	    {"elbow -b --example coins >/dev/null", 0},
	    {"elbow -b --example coins -e 'finish 2' >/dev/null", 0},
	    {"elbow -b --example deaths --set max_iterations=3 >/dev/null", 3},
	    {"elbow --json --example deaths -e 'set max_iterations 3' -e continue >/dev/null", 3},
	    {"elbow -b --example waiting --set bug=variance -e 'finish 9'", 1},
	    {"elbow -b --example coins -e nonsense", 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ran r = run(cases[i].script);
		if (r.status != cases[i].status)
			fail_msg("%s: %d, not %d", cases[i].script, r.status, cases[i].status);
		free(r.out);
		free(r.err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report),         cmocka_unit_test(test_messages),    cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_broken_outputs), cmocka_unit_test(test_scripts_and_files),
		cmocka_unit_test(test_models),         cmocka_unit_test(test_json),
		cmocka_unit_test(test_exit_is_the_verdict),
		cmocka_unit_test(test_information),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
