/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables of numbers: every way of writing one, columns by name, and what is wrong with the others. */
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "elbow/data.h"
#include "place.h"
#include "small.h"

static struct em_settings *settings(const char *columns)
{
	const struct em_setting_table *tables[] = {&em_points_settings};
	struct em_settings *s = em_settings_new(tables, 1), *out = NULL;
	assert_int_equal(em_settings_with(s, "columns", columns, &out, NULL), EM_OK);
	em_settings_release(s);
	return out;
}

static struct em_points *opened(const char *path, const char *columns)
{
	struct em_settings *s = settings(columns);
	struct em_points *p = NULL;
	struct em_err err = {0};
	if (em_points_open(path, s, &p, &err))
		fail_msg("%s", err.msg);
	em_settings_release(s);
	return p;
}

/* "a b|1 2|3 4": names, then rows. */
static void check(const char *file, const char *columns, const char *text, const char *want)
{
	struct em_points *p = opened(put(file, text), columns);
	struct buf b = {0};
	for (size_t j = 0; j < p->columns; j++)
		buf_printf(&b, "%s%s", j ? " " : "", p->column[j]);
	for (size_t i = 0; i < p->rows * p->columns; i++)
		buf_printf(&b, "%s%.17g", i % p->columns ? " " : "|", p->x[i]);
	assert_string_equal(b.s, want);
	buf_free(&b);
	em_points_free(p);
}

static enum em_status refused(const char *path, const char *columns, char *out, size_t size)
{
	struct em_settings *s = settings(columns);
	struct em_points *p = NULL;
	struct em_err err = {0};
	enum em_status st = em_points_open(path, s, &p, &err);
	em_settings_release(s);
	assert_true(st != EM_OK && st == err.code);
	assert_null(p);
	const char *slash = strrchr(path, '/'), *name = slash ? strstr(err.msg, slash + 1) : NULL;
	snprintf(out, size, "%s", name ? name : err.msg);
	return st;
}

static void expect(const char *file, const char *columns, const char *text, const char *want)
{
	char got[512];
	const char *path = put(file, text);
	enum em_status st = refused(path, columns, got, sizeof got);
	assert_string_equal(got, want);
	assert_int_equal(st, strncmp(want, "columns:", 8) ? EM_INPUT : EM_USAGE);
}

/* ---- what is read ---- */

static void test_forms(void **state)
{
	(void)state;
	static const struct {
		const char *file, *columns, *text, *want;
	} cases[] = {
		{"a.csv", "", "a,b\n1,2\n3,4\n", "a b|1 2|3 4"},
		{"a.csv", "", "a,b\n1,2\n3,4", "a b|1 2|3 4"},
		{"a.csv", "", "\xef\xbb\xbf" "a,b\r\n1,2\r\n3,4\r\n", "a b|1 2|3 4"},
		{"a.csv", "", "a\r1\r2", "a|1|2"},
		{"a.csv", "", "\n\n a , b \n\n  1 ,\t2\n   \n3,4\n\n", "a b|1 2|3 4"},
		{"a.csv", "", "\"a\",\" b\"\n\"1\",\" 2 \"\n", "a b|1 2"},
		{"a.csv", "", "\"a, b\";c\n1;2\n", "a, b c|1 2"},
		{"a.csv", "", "a\tb\n1\t2\n", "a b|1 2"},
		{"A.CSV", "", "a;b\n1;2\n", "a b|1 2"},
		{"a.tsv", "", "a,b\tc\n1\t2\n", "a,b c|1 2"},
		{"a.dat", "", "a,b\tc\n1\t2\n", "a,b c|1 2"},
		{"a.txt", "", "a;b\n1;2\n", "a b|1 2"},
		{"a", "", "a,2012\n1,2\n", "a 2012|1 2"},
		{"a.csv", "", "x\n1e3\n-.5\n+2.\n1E-2\n007\n-0\n", "x|1000|-0.5|2|0.01|7|-0"},
		{"a.csv", "", "x\n0.1\n123456789012345678901234567890\n1e-400\n1.7976931348623157e308\n",
		 "x|0.10000000000000001|1.2345678901234568e+29|0|1.7976931348623157e+308"},
		{"a.csv", "", "a\x1b[31m\xff,\xe2\x80\xae\n1,2\n", "a\xef\xbf\xbd[31m\xef\xbf\xbd \xef\xbf\xbd|1 2"},
		{"a.csv", "", "gr\xc3\xb6\xc3\x9f" "e\n1\n", "gr\xc3\xb6\xc3\x9f" "e|1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check(cases[i].file, cases[i].columns, cases[i].text, cases[i].want);
}

static void test_columns(void **state)
{
	(void)state;
	static const char table[] = "id,x,Y,\"a,b\",y,x\nk1,1,2,3,4,5\nk2,6,7,8,9,0\n";
	static const struct {
		const char *columns, *want;
	} cases[] = {
		{"2", "x|1|6"}, {" y , 2 ", "y x|4 1|9 6"}, {"Y,y", "Y y|2 4|7 9"}, {"6", "x|5|0"},
		{"a,b", "a,b|3|8"}, {"A,B", "a,b|3|8"}, {"5,4", "y a,b|4 3|9 8"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check("a.csv", cases[i].columns, table, cases[i].want);
	check("a.csv", "NAME", "id,Name\nx,1\n", "Name|1");
	check("a.csv", "1", ",b\n1,x\n", "column 1|1");
	expect("a.csv", "z", table, "a.csv:1: no column \"z\", only id, x, Y, a,b, y, x; name some of these with --set "
	                            "columns=NAME,NAME");
	static const char *const unclear[] = {"x", "X", "y,x", "2,6"};
	for (size_t i = 0; i < 4; i++)
		expect("a.csv", unclear[i], table, "a.csv:1: columns 2 and 6 are both named \"x\"; rename one, or take columns by number "
		                                   "with --set columns=2");
	expect("a.csv", "1", table, "a.csv:2: column \"id\": \"k1\" is not a number; every cell is a number such as -1.5 or 2e3");
}

static void test_numbers_of_a_table(void **state)
{
	(void)state;
	struct em_points *p = opened(put("f.csv", "eruptions,waiting\n3.6,79\n1.8,54\n3.3,74\n"), "");
	assert_int_equal(p->rows, 3);
	assert_int_equal(em_points_column(p, "waiting"), 1);
	assert_true(em_points_column(p, "wait") == SIZE_MAX);
	assert_true(fabs(p->mean[1] - 69) < 1e-12 && fabs(p->sd[1] - sqrt(350. / 3)) < 1e-12);
	em_points_free(p);
	struct em_settings *s = settings("waiting");
	struct em_data *d = NULL;
	assert_int_equal(em_data_open(EM_DATA_POINTS, put("f.csv", "eruptions,waiting\n3.6,79\n"), s, &d, NULL), EM_OK);
	assert_string_equal(d->name, "f.csv");
	assert_int_equal(d->observations, 1);
	assert_int_equal(d->points->columns, 1);
	em_data_free(d);
	em_settings_release(s);
}

/* ---- what is not ---- */

#define NO_HEADER ": the first line has numbers where the names of the columns belong; put a line with "
#define PLAIN "every cell is a number such as -1.5 or 2e3"
#define POINT "numbers have a decimal point and nothing between the thousands"

static void test_wrong_tables(void **state)
{
	(void)state;
	static const struct {
		const char *columns, *text, *want;
	} cases[] = {
		{"", "", "a.csv: empty; the first line must name the columns, numbers follow below"},
		{"", "\n  \n\r\n", "a.csv: empty; the first line must name the columns, numbers follow below"},
		{"", "\xef\xbb\xbf", "a.csv: empty; the first line must name the columns, numbers follow below"},
		{"", "a,b\n\n", "a.csv: no rows below the names of the columns; give at least one row of numbers"},
		{"", "3.6,79\n1.8,54\n", "a.csv:1" NO_HEADER "2 names above it"},
		{"", "\n5\n6\n", "a.csv:2" NO_HEADER "1 name above it"},
		{"", ",1,nan\n", "a.csv:1" NO_HEADER "3 names above it"},
		{"1", "1,1e999\n1,2\n", "a.csv:1" NO_HEADER "2 names above it"},
		{"", "a,b\n1,2\n3\n", "a.csv:3: 1 cell where the first line names 2 columns; give a cell for every column, and quote one that "
		                      "holds the separator"},
		{"", "a\n1\n\n3,4\n", "a.csv:4: 2 cells where the first line names 1 column; give a cell for every column, and quote one that "
		                      "holds the separator"},
		{"a", "a,b\n1,2\n3,4,\n", "a.csv:3: 3 cells where the first line names 2 columns; give a cell for every column, and quote one "
		                          "that holds the separator"},
		{"", "a,b\n1,2\n,4\n", "a.csv:3: column \"a\": the cell is empty; every row has a number there"},
		{"", "a,b\n1,\"  \"\n", "a.csv:2: column \"b\": the cell is empty; every row has a number there"},
		{"", "a,b\n1,2\nNA,4\n", "a.csv:3: column \"a\": \"NA\" is not a number; every row has one there: remove this row"},
		{"", "a,b\n1,2\n?,x\n", "a.csv:3: column \"a\": \"?\" is not a number; every row has one there: remove this row"},
		{"", "a,b\n1,NaN\n", "a.csv:2: column \"b\": \"NaN\" is not a finite number; give one, or remove the row"},
		{"", "a,b\n1,-inf\n", "a.csv:2: column \"b\": \"-inf\" is not a finite number; give one, or remove the row"},
		{"", "a,b\n1,+Infinity\n", "a.csv:2: column \"b\": \"+Infinity\" is not a finite number; give one, or remove the row"},
		{"", "a,b\n1,1e309\n", "a.csv:2: column \"b\": \"1e309\" is too large; numbers go to 1.7e308"},
		{"", "a,b\n1,2\n3,0x10\n", "a.csv:3: column \"b\": \"0x10\" is not a number; give one, or leave the column out: "
		                          "--set columns=a"},
		{"", "a\n1e\n", "a.csv:2: column \"a\": \"1e\" is not a number; " PLAIN},
		{"", "a\n.\n", "a.csv:2: column \"a\": \".\" is not a number; every row has one there: remove this row"},
		{"", "a\n1.2.3\n", "a.csv:2: column \"a\": \"1.2.3\" is not a number; " PLAIN},
		{"", "a\n--1\n", "a.csv:2: column \"a\": \"--1\" is not a number; " PLAIN},
		{"", "a\ninfinite\n", "a.csv:2: column \"a\": \"infinite\" is not a number; " PLAIN},
		{"", "a\n5%\n", "a.csv:2: column \"a\": \"5%\" is not a number; " PLAIN},
		{"", "a;b\n1;2,5\n", "a.csv:2: column \"b\": \"2,5\" is not a number; " POINT},
		{"", "a,b\n1,\"12,345.6\"\n", "a.csv:2: column \"b\": \"12,345.6\" is not a number; " POINT},
		{"", "a b\n1 2\n", "a.csv:2: column \"a b\": \"1 2\" is not a number; cells are separated by commas, semicolons or tabs"},
		{"", "a,kind,b,\"c,d\"\n1,x,2,y\n", "a.csv:2: column \"kind\": \"x\" is not a number; take the columns of numbers: --set columns=a,b"},
		{"", "a,kind,\"c,d\"\n1,x,2\n", "a.csv:2: column \"kind\": \"x\" is not a number; take the columns of numbers: --set "
		                                "columns=NAME,NAME"},
		{"", "a,b\nx,y\n", "a.csv:2: column \"a\": \"x\" is not a number; take the columns of numbers: --set columns=NAME,NAME"},
		{"", "a,b,c\n1,2,3\n1,x,3\n",
		 "a.csv:3: column \"b\": \"x\" is not a number; give one, or leave the column out: --set columns=a,c"},
		{"", "5.1,.2,setosa\n4.9,.2,setosa\n", "a.csv:2: column \"setosa\": \"setosa\" is not a number; the first line looks like "
		                                       "numbers too: the names of the columns belong there"},
		{"", "2012,kind\nx,1\n", "a.csv:2: column \"2012\": \"x\" is not a number; take the columns of numbers: --set columns=kind"},
		{"a", "a,b\nx,1\n", "a.csv:2: column \"a\": \"x\" is not a number; " PLAIN},
		{"", "\"\",x,y\n1,2,3\n", "a.csv:1: column 1 has no name; give it one, or take others with --set columns=x,y"},
		{"", "x,\n2,3\n", "a.csv:1: column 2 has no name; give it one, or take others with --set columns=x"},
		{"", "a,b,a\n1,2,3\n", "a.csv:1: columns 1 and 3 are both named \"a\"; rename one, or take columns by number with --set columns=1"},
		{"3,1", "a,b,a\n1,2,3\n",
		 "a.csv:1: columns 1 and 3 are both named \"a\"; rename one, or take columns by number with --set columns=1"},
		{"a,a", "a,b\n1,2\n", "columns: \"a\" is there twice; name each column once"},
		{"a,1", "a,b\n1,2\n", "columns: \"a\" is there twice; name each column once"},
		{"a,,b", "a,b\n1,2\n", "columns: a name is missing beside a comma; give names as a,b"},
		{"a,", "a,b\n1,2\n", "columns: a name is missing beside a comma; give names as a,b"},
		{"c", "a,b\n1,2\n", "a.csv:1: no column \"c\", only a, b; name some of these with --set columns=NAME,NAME"},
		{"0", "a,b\n1,2\n", "a.csv:1: no column \"0\", only a, b; name some of these with --set columns=NAME,NAME"},
		{"a,99999999999999999999999", "a,b\n1,2\n", "a.csv:1: no column \"99999999999999999999999\", only a, b; name some of these "
		                                            "with --set columns=NAME,NAME"},
		{"a,\x1b[2J", "a,\x1b]0;b\n1,2\n", "a.csv:1: no column \"\xef\xbf\xbd[2J\", only a, \xef\xbf\xbd]0;b; name some of these with "
		                                   "--set columns=NAME,NAME"},
		{"", "a\n1\n\x1b[2Jx\xff\n", "a.csv:3: column \"a\": \"\xef\xbf\xbd[2Jx\xef\xbf\xbd\" is not a number; " PLAIN},
		{"", "a\n1\n\"2\n3\n", "a.csv:3: a quote is opened here and never closed; close it"},
		{"", "a\n1\n2\"\n", "a.csv:3: a quote inside a field; write it twice and put the field in quotes"},
		{"", "\"a\nb\"\n1\n\"x\ny\"\n", "a.csv:4: column \"a b\": \"x y\" is not a number; cells are separated by commas, semicolons or tabs"},
		{"", "a\n1\n0123456789012345678901234567890123456789x\n",
		 "a.csv:3: column \"a\": \"01234567890123456789012345678\xe2\x80\xa6\" is not a number; " PLAIN},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect("a.csv", cases[i].columns, cases[i].text, cases[i].want);
}

static void test_wrong_files(void **state)
{
	(void)state;
	char got[512];
	put_bytes("zero.csv", "a\n1\n\0b\n", 8);
	assert_int_equal(refused(in_place("zero.csv"), "", got, sizeof got), EM_INPUT);
	assert_string_equal(got, "zero.csv:3: a zero byte, so this is not UTF-8 text; give a text file");
	put_bytes("wide.csv", "\xff\xfe" "a\0\n\0", 6);
	refused(in_place("wide.csv"), "", got, sizeof got);
	assert_non_null(strstr(got, "wide.csv: this is UTF-16"));
	assert_int_equal(refused(in_place("none.csv"), "", got, sizeof got), EM_INPUT);
	assert_string_equal(got, "none.csv: No such file or directory");
	mkdir(in_place("folder.csv"), 0700);
	refused(in_place("folder.csv"), "", got, sizeof got);
	assert_non_null(strstr(got, "folder.csv: a folder where a file is expected"));
	put("col\x1b[2J.csv", "a\nx\n");
	refused(in_place("col\x1b[2J.csv"), "", got, sizeof got);
	assert_null(strchr(got, '\x1b'));
}

/* Names too many for one line are cut, and no columns= to type is made of a part of them. */
static void test_many_columns(void **state)
{
	(void)state;
	struct buf b = {0};
	enum { MANY = 3000 };
	char got[512];
	for (int i = 0; i < MANY; i++)
		buf_printf(&b, "%scolumn%d", i ? "," : "", i);
	buf_putc(&b, '\n');
	for (int i = 0; i < MANY; i++)
		buf_printf(&b, "%s%s", i ? "," : "", i == 7 ? "x" : "1");
	const char *path = put("many.csv", b.s);
	refused(path, "no", got, sizeof got);
	assert_non_null(strstr(got, "\"no\", only column0, column1"));
	assert_non_null(strstr(got, "\xe2\x80\xa6; name some of these with --set columns=NAME,NAME"));
	refused(path, "", got, sizeof got);
	assert_non_null(strstr(got, "column \"column7\": \"x\" is not a number; take the columns of numbers: --set columns=NAME,NAME"));
	struct em_points *p = opened(path, "column2999,1");
	assert_true(p->columns == 2 && p->x[0] == 1);
	em_points_free(p);
	buf_free(&b);
}

/* ---- more of it ---- */

/* %.17g is read as the same double, whatever the locale says about points. */
static void test_every_digit(void **state)
{
	(void)state;
	enum { ROWS = 3000, COLUMNS = 3 };
	static double x[ROWS * COLUMNS];
	struct buf b = {0};
	uint64_t rng = 5;
	buf_puts(&b, "a,b,c\n");
	for (size_t i = 0; i < ROWS * COLUMNS; i++) {
		x[i] = ldexp(small_uniform(&rng) - .5, (int)(small_next(&rng) % 1200) - 600);
		buf_printf(&b, "%.17g%c", x[i], i % COLUMNS == COLUMNS - 1 ? '\n' : ',');
	}
	const char *path = put("digits.csv", b.s);
	static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8"};
	for (size_t i = 0; i < 3; i++) {
		if (!setlocale(LC_ALL, locales[i])) /* not installed here */
			continue;
		struct em_points *p = opened(path, "");
		assert_true(p->rows == ROWS && p->columns == COLUMNS);
		assert_memory_equal(p->x, x, sizeof x);
		em_points_free(p);
	}
	setlocale(LC_ALL, "C");
	buf_free(&b);
}

/* Memory grows with the rows; the last are where the first were. */
static void test_many_rows(void **state)
{
	(void)state;
	struct buf b = {0};
	size_t rows = getenv("ELBOW_VALGRIND") ? 10000 : 100000;
	buf_puts(&b, "a,kind,b\n");
	for (size_t i = 0; i < rows; i++)
		buf_printf(&b, "%zu.5,x,%zu\n", i, rows - i);
	const char *path = put("rows.csv", b.s);
	struct em_points *p = opened(path, "b,a");
	assert_int_equal(p->rows, rows);
	for (size_t i = 0; i < rows; i++)
		assert_true(p->x[2 * i] == (double)(rows - i) && p->x[2 * i + 1] == (double)i + .5);
	em_points_free(p);
	char got[512], want[120];
	buf_puts(&b, "1,x,1e\n");
	refused(put("rows.csv", b.s), "b,a", got, sizeof got);
	snprintf(want, sizeof want, "rows.csv:%zu: column \"b\": \"1e\"", rows + 2);
	assert_non_null(strstr(got, want));
	buf_free(&b);
}

/* A name may be long or a heap of marks: what is wrong and what would be right are still there. */
static void test_long_names(void **state)
{
	(void)state;
	struct buf b = {0};
	char got[512];
	for (int i = 0; i < 900; i++)
		buf_puts(&b, i < 300 ? "w" : "\xcc\x81");
	buf_puts(&b, "\nx\n");
	refused(put("a.csv", b.s), "", got, sizeof got);
	assert_non_null(strstr(got, "\xe2\x80\xa6\": \"x\" is not a number; " PLAIN));
	refused(put("a.csv", b.s + 299), "", got, sizeof got);
	assert_non_null(strstr(got, "\xcc\x81\xe2\x80\xa6\": \"x\" is not a number; " PLAIN));
	buf_free(&b);
}

static void test_standard_input(void **state)
{
	(void)state;
	struct em_settings *s = settings("");
	struct em_data *d = NULL;
	struct em_err err = {0};
	int was = dup(STDIN_FILENO);
	assert_true(was >= 0);
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"a\tb\n1\t2\n", NULL},
		{"a,b\n1,x\n", "standard input:2: column \"b\": \"x\" is not a number; take the columns of numbers: --set columns=a"},
		{"", "standard input: empty; the first line must name the columns, numbers follow below"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int fd = open(put("in", cases[i].text), O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
		close(fd);
		enum em_status st = em_data_open(EM_DATA_POINTS, "-", s, &d, &err);
		if (cases[i].want) {
			assert_int_equal(st, EM_INPUT);
			assert_string_equal(err.msg, cases[i].want);
			continue;
		}
		assert_int_equal(st, EM_OK);
		assert_string_equal(d->name, "standard input");
		assert_true(d->points->x[1] == 2);
		em_data_free(d);
	}
	dup2(was, STDIN_FILENO);
	close(was);
	em_settings_release(s);
}

/* Bytes at random from what tables are made of: read or refused with one line that can be shown. */
static void test_any_bytes(void **state)
{
	(void)state;
	static const char from[] = "aB1290.,,;\t\"\"\n\n\r -+e\x1b\xc3\xa4\xff\xe2\x80\xae";
	static const char *const columns[] = {"", "a", "1,2", "B,a", ","};
	uint64_t rng = 3;
	struct em_err err;
	for (int i = 0; i < (getenv("ELBOW_VALGRIND") ? 150 : 4000); i++) {
		char text[64];
		size_t n = small_next(&rng) % (sizeof text - 1);
		for (size_t j = 0; j < n; j++)
			text[j] = from[small_next(&rng) % (sizeof from - 1)];
		struct em_settings *s = settings(columns[i % 5]);
		struct em_points *p = NULL;
		if (em_points_open(put_bytes(i % 3 ? "any.csv" : "any.tsv", text, n), s, &p, &err)) {
			assert_null(p);
			assert_true(err.code == EM_INPUT || err.code == EM_USAGE);
			assert_true(*err.msg && !strpbrk(err.msg, "\n\r\t\x1b\xff"));
		} else {
			assert_true(p->rows > 0 && p->columns > 0);
			for (size_t j = 0; j < p->rows * p->columns; j++)
				assert_true(isfinite(p->x[j]));
			for (size_t j = 0; j < p->columns; j++)
				assert_int_equal(em_points_column(p, p->column[j]), j);
		}
		em_points_free(p);
		em_settings_release(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_forms, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_columns, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_numbers_of_a_table, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_wrong_tables, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_wrong_files, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_many_columns, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_every_digit, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_many_rows, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_long_names, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_standard_input, make_place, drop_place),
		cmocka_unit_test_setup_teardown(test_any_bytes, make_place, drop_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
