/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text made fit for screens, and whole files. */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unistr.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "place.h"

#define FFFD "\xef\xbf\xbd"

static char *safe(const char *bytes, size_t n)
{
	struct buf b = {0};
	text_safe(&b, bytes, n);
	return buf_take(&b);
}

static const struct {
	const char *in, *out;
	size_t width;
} safe_cases[] = {
	{"", "", 0},
	{"plain", "plain", 5},
	{"naïve Привет λόγος", "naïve Привет λόγος", 18},
	{"\x1b[31mred\x1b[0m", FFFD "[31mred" FFFD "[0m", 12},
	{"\x1b]0;title\x07", FFFD "]0;title" FFFD, 10},
	{"a\tb\nc\rd", "a b c d", 7},
	{"\x7f\x01\x1f", FFFD FFFD FFFD, 3},
	{"\xc2\x9b" "31m", FFFD "31m", 4},                 /* C1: an escape sequence in one character */
	{"\xc2\x85", " ", 1},                              /* next line */
	{"a\xff" "b\xc3", "a" FFFD "b" FFFD, 4},           /* no UTF-8 */
	{"\xc0\xaf", FFFD FFFD, 2},                        /* overlong */
	{"\xed\xa0\x80", FFFD, 1},                         /* surrogate */
	{"\xf5\x80\x80\x80", FFFD, 1},                     /* beyond Unicode */
	{"abc\xe2\x80\xae" "def", "abc" FFFD "def", 7},    /* right-to-left override */
	{"a\xe2\x80\x8b" "b", "a" FFFD "b", 3},            /* zero-width space */
	{"a\xe2\x81\xa6" "b", "a" FFFD "b", 3},            /* isolate */
	{"a\xc2\xad" "b", "a" FFFD "b", 3},                /* soft hyphen */
	{"\xef\xbb\xbf" "a", FFFD "a", 2},                 /* byte order mark */
	{"a\xe2\x80\xa8" "b\xc2\xa0" "c", "a b c", 5},     /* line separator, no-break space */
	{"e\xcc\x81", "e\xcc\x81", 1},                     /* a combining mark takes no column */
	{"日本", "日本", 4},
	{"\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4", 1},   /* a variation selector is dropped */
	{"\xef\xbf\xbe", FFFD, 1},                         /* noncharacter */
	{"\xef\xbe\xa0\xe3\x85\xa4", FFFD FFFD, 2},        /* invisible letters */
};

static void test_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof safe_cases / sizeof safe_cases[0]; i++) {
		char *out = safe(safe_cases[i].in, strlen(safe_cases[i].in));
		assert_string_equal(out, safe_cases[i].out);
		assert_int_equal(text_width(safe_cases[i].in), safe_cases[i].width);
		free(out);
	}
	char *zero = safe("a\0b", 3);
	assert_string_equal(zero, "a" FFFD "b");
	free(zero);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* Bytes that are likely to be trouble. */
static size_t random_bytes(uint64_t *state, char *out, size_t room)
{
	static const char *const piece[] = {"a", "word", " ", "  ", "\n", "\r\n", "-", "é", "e\xcc\x81", "日", "\xff", "\xe2\x80",
	                                    "\x1b[1m", "\xe2\x80\x8d", "\xf0\x9f\x91\xa9", "\xc2", "\t", "и", "\xef\xb8\x8f", ","};
	size_t n = 0;
	for (uint32_t i = next_random(state) % 40; i > 0; i--) {
		const char *p = piece[next_random(state) % (sizeof piece / sizeof piece[0])];
		if (n + strlen(p) < room)
			n += (size_t)(stpcpy(out + n, p) - (out + n));
	}
	return n;
}

/* Whatever goes in: valid UTF-8 without a control comes out, and doing it again changes nothing. */
static void test_safe_anything(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (int round = 0; round < 3000; round++) {
		char bytes[256];
		size_t n = random_bytes(&seed, bytes, sizeof bytes);
		if (round % 2)
			for (size_t i = 0; i < n; i++)
				bytes[i] = (char)next_random(&seed);
		char *out = safe(bytes, n), *again = safe(out, strlen(out));
		assert_null(u8_check((const uint8_t *)out, strlen(out)));
		for (size_t i = 0; out[i]; i++)
			assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
		assert_string_equal(out, again);
		assert_int_equal(text_width_of(bytes, n), text_width(out));
		free(out);
		free(again);
	}
}

static const struct {
	const char *in;
	size_t width;
	bool ascii;
	const char *out;
} clip_cases[] = {
	{"plain", 5, false, "plain"},  {"plain", 4, false, "pla…"},   {"plain", 4, true, "p..."},
	{"plain", 1, false, "…"},      {"plain", 0, false, ""},       {"plain", 2, true, ".."},
	{"", 0, false, ""},            {"日本語", 6, false, "日本語"}, {"日本語", 5, false, "日本…"},
	{"日本語", 4, false, "日…"},   {"日本語", 2, false, "…"},     {"e\xcc\x81" "e\xcc\x81" "e", 2, false, "e\xcc\x81…"},
	{"\x1b[31m", 3, false, FFFD "[…"},
};

static void test_clip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof clip_cases / sizeof clip_cases[0]; i++) {
		struct buf b = {0};
		text_clip(&b, clip_cases[i].in, clip_cases[i].width, clip_cases[i].ascii);
		char *out = buf_take(&b);
		assert_string_equal(out, clip_cases[i].out);
		assert_true(text_width(out) <= clip_cases[i].width);
		free(out);
	}
}

/* The lines of a text joined by '|'. */
static char *wrapped(const char *text, size_t width)
{
	struct buf b = {0};
	struct text_line line;
	buf_add(&b, "", 0);
	for (size_t at = 0; text_wrap(text, strlen(text), width, &at, &line);) {
		buf_add(&b, text + line.start, line.end - line.start);
		buf_putc(&b, '|');
	}
	return buf_take(&b);
}

static const struct {
	const char *in;
	size_t width;
	const char *out;
} wrap_cases[] = {
	{"", 10, ""},
	{"one two three", 20, "one two three|"},
	{"one two three", 13, "one two three|"},
	{"one two three", 12, "one two|three|"},
	{"one two three", 7, "one two|three|"},
	{"one  two   three", 6, "one|two|three|"},
	{"one two", 3, "one|two|"},
	{"abcdefghij", 4, "abcd|efgh|ij|"},
	{"ab cdefghij", 4, "ab|cdef|ghij|"},
	{"first\nsecond\r\nthird\rfourth", 20, "first|second|third|fourth|"},
	{"a\n\nb\n", 20, "a||b|"},
	{"ends with blanks   ", 16, "ends with blanks|"},
	{"  indented text", 10, "  indented|text|"},
	{"well-known word", 6, "well-|known|word|"},
	{"-5 degrees", 4, "-5|degr|ees|"},
	{"日本語の本", 4, "日本|語の|本|"},
	{"日本", 1, "日|本|"},
	{"x日本", 2, "x|日|本|"},
	{"e\xcc\x81" "e\xcc\x81" "e\xcc\x81", 2, "e\xcc\x81" "e\xcc\x81|e\xcc\x81|"},
	{"ab", 0, "a|b|"},
	{"   \nx", 2, "|x|"},
};

static void test_wrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrap_cases / sizeof wrap_cases[0]; i++) {
		char *out = wrapped(wrap_cases[i].in, wrap_cases[i].width);
		assert_string_equal(out, wrap_cases[i].out);
		free(out);
	}
}

/* No line is too wide, offsets go forward, and what lies between lines is blank. */
static void test_wrap_anything(void **state)
{
	(void)state;
	uint64_t seed = 2;
	for (int round = 0; round < 3000; round++) {
		char text[256];
		size_t n = random_bytes(&seed, text, sizeof text), width = 2 + next_random(&seed) % 12, last = 0, at = 0;
		struct text_line line;
		while (text_wrap(text, n, width, &at, &line)) {
			assert_true(line.start >= last && line.end >= line.start && at > line.start && at >= line.end && at <= n);
			assert_true(text_width_of(text + line.start, line.end - line.start) <= width);
			for (size_t i = last; i < line.start; i++)
				assert_non_null(strchr(" \t\r\n", text[i]));
			last = line.end;
		}
		for (size_t i = last; i < n; i++)
			assert_non_null(strchr(" \t\r\n", text[i]));
	}
}

static void test_compare_and_distance(void **state)
{
	(void)state;
	assert_true(text_compare("a", "b") < 0);
	assert_true(text_compare("z", "é") < 0);
	assert_true(text_compare("ж", "日") < 0);
	assert_true(text_compare("\xef\xbd\x81", "\xf0\x9f\x98\x80") < 0); /* U+FF41 before U+1F600, unlike UTF-16 */
	assert_int_equal(text_compare("é", "é"), 0);
	assert_int_equal(text_distance("alhpa", "alpha"), 1);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("Alpha", "alpha"), 0);
	assert_true(text_near("alhpa", "alpha"));
	assert_false(text_near("zzz", "alpha"));
	assert_false(text_near("a", "b"));
}

static size_t count_entries(void)
{
	size_t n = 0;
	DIR *d = opendir(in_place("."));
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void assert_holds(const char *path, const char *text)
{
	struct file_bytes f;
	assert_int_equal(file_map(path, &f, NULL), EM_OK);
	assert_int_equal(f.size, strlen(text));
	assert_memory_equal(f.bytes, text, f.size);
	file_unmap(&f);
}

static void test_write(void **state)
{
	(void)state;
	struct em_err err;
	char expected[600];
	const char *path = in_place("out.csv");
	mode_t mask = umask(027);
	assert_int_equal(file_write_whole(path, false, "one\n", 4, &err), EM_OK);
	umask(mask);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_holds(path, "one\n");
	assert_int_equal(file_write_whole(path, false, "two\n", 4, &err), EM_USAGE);
	snprintf(expected, sizeof expected, "%s: exists; add ! to the command to replace it", path);
	assert_string_equal(err.msg, expected);
	assert_holds(path, "one\n");
	chmod(path, 0604);
	assert_int_equal(file_write_whole(path, true, "two\n", 4, &err), EM_OK);
	assert_holds(path, "two\n");
	stat(path, &st);
	assert_int_equal(st.st_mode & 0777, 0604); /* keeps its rights */
	assert_int_equal(file_write_whole(path, true, "", 0, &err), EM_OK);
	assert_holds(path, "");
	assert_int_equal(count_entries(), 1);
}

static void test_write_refused(void **state)
{
	(void)state;
	struct em_err err;
	assert_int_equal(file_write_whole("", true, "x", 1, &err), EM_USAGE);
	assert_int_equal(file_write_whole(in_place("."), true, "x", 1, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "a folder"));
	assert_int_equal(file_write_whole(in_place("new/"), true, "x", 1, &err), EM_USAGE);
	assert_int_equal(file_write_whole(in_place("no/such/file"), false, "x", 1, &err), EM_IO);
	assert_non_null(strstr(err.msg, "No such file"));
	assert_int_equal(symlink("nowhere", in_place("dangling")), 0);
	assert_int_equal(file_write_whole(in_place("dangling"), true, "x", 1, &err), EM_IO);
	if (geteuid() != 0) { /* root may write anywhere */
		chmod(in_place("."), 0500);
		assert_int_equal(file_write_whole(in_place("f"), false, "x", 1, &err), EM_IO);
		assert_non_null(strstr(err.msg, "Permission denied"));
		chmod(in_place("."), 0700);
	}
	assert_int_equal(count_entries(), 1);
}

/* A file size limit stands for the full disk: the write fails half-way and nothing is left. */
static void test_write_disk_full(void **state)
{
	(void)state;
	struct em_err err;
	struct rlimit old, small;
	char *big = calloc(1, 100000);
	assert_int_equal(file_write_whole(in_place("kept"), false, "old", 3, &err), EM_OK);
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 50000;
	setrlimit(RLIMIT_FSIZE, &small);
	enum em_status fresh = file_write_whole(in_place("big"), false, big, 100000, &err);
	enum em_status over = file_write_whole(in_place("kept"), true, big, 100000, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, before);
	free(big);
	assert_int_equal(fresh, EM_IO);
	assert_int_equal(over, EM_IO);
	assert_non_null(strstr(err.msg, "kept: cannot write: "));
	assert_holds(in_place("kept"), "old");
	assert_int_equal(count_entries(), 1);
}

static void test_write_through_links_and_devices(void **state)
{
	(void)state;
	struct em_err err;
	struct stat st;
	assert_int_equal(file_write_whole(in_place("real"), false, "old", 3, &err), EM_OK);
	assert_int_equal(symlink("real", in_place("link")), 0);
	assert_int_equal(file_write_whole(in_place("link"), false, "new", 3, &err), EM_USAGE);
	assert_int_equal(file_write_whole(in_place("link"), true, "new", 3, &err), EM_OK);
	assert_holds(in_place("real"), "new");
	assert_int_equal(lstat(in_place("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file_write_whole("/dev/null", false, "x", 1, &err), EM_OK);
	assert_int_equal(mkfifo(in_place("fifo"), 0600), 0);
	assert_int_equal(file_write_whole(in_place("fifo"), false, "x", 1, &err), EM_IO); /* and does not hang */
	assert_non_null(strstr(err.msg, "nobody reads"));
	if (access("/dev/full", W_OK) == 0) {
		assert_int_equal(file_write_whole("/dev/full", false, "x", 1, &err), EM_IO);
		assert_non_null(strstr(err.msg, "No space left"));
	}
}

static void test_read(void **state)
{
	(void)state;
	struct em_err err;
	struct file_bytes f;
	assert_int_equal(file_map(in_place("none"), &f, &err), EM_INPUT);
	assert_non_null(strstr(err.msg, "No such file"));
	assert_non_null(f.bytes);
	assert_int_equal(file_map(in_place("."), &f, &err), EM_INPUT);
	assert_non_null(strstr(err.msg, "a folder"));
	assert_int_equal(file_map("/dev/null", &f, &err), EM_INPUT);
	size_t n = (size_t)5 << 20; /* large enough to be mapped */
	char *big = malloc(n);
	memset(big, 'x', n);
	assert_int_equal(file_write_whole(in_place("big"), false, big, n, &err), EM_OK);
	assert_int_equal(file_map(in_place("big"), &f, &err), EM_OK);
	assert_int_equal(f.size, n);
	assert_memory_equal(f.bytes, big, n);
	file_unmap(&f);
	file_unmap(&f); /* harmless twice */
	free(big);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "from a pipe", 11), 11);
	close(ends[1]);
	assert_int_equal(file_read_fd(ends[0], "pipe", &f, &err), EM_OK);
	assert_int_equal(f.size, 11);
	assert_memory_equal(f.bytes, "from a pipe", 11);
	file_unmap(&f);
	close(ends[0]);
	assert_int_equal(file_read_fd(ends[0], "closed", &f, &err), EM_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_safe_anything),
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_wrap_anything),
		cmocka_unit_test(test_compare_and_distance),
		cmocka_unit_test_setup_teardown(test_write, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_write_refused, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_write_disk_full, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_write_through_links_and_devices, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_read, make_place, drop_place),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
