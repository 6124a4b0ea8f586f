/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading corpora: every format and every way it can be wrong, words in several scripts, the rules and the report. */
#include <ftw.h>
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

#include "base/text.h"
#include "data/csv.h"
#include "data/words.h"
#include "elbow/corpus.h"

/* --- a directory for each test ------------------------------------------------------------------------------- */

static char place[64];

static int make_place(void **state)
{
	(void)state;
	strcpy(place, "/tmp/elbow-data-XXXXXX");
	return mkdtemp(place) ? 0 : -1;
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int drop_place(void **state)
{
	(void)state;
	return nftw(place, drop_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_place(const char *name)
{
	static char path[4][512];
	static int turn;
	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof path[turn], "%s/%s", place, name);
	return path[turn];
}

static const char *put_bytes(const char *name, const char *bytes, size_t n)
{
	const char *path = in_place(name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

static const char *put(const char *name, const char *text)
{
	return put_bytes(name, text, strlen(text));
}

/* Settings at their defaults but for "name=value name=value". */
static struct em_settings *settings(const char *changes)
{
	static const struct em_setting_table *const tables[] = {&em_corpus_settings};
	struct em_settings *s = em_settings_new(tables, 1);
	char copy[1200], *rest = copy;
	snprintf(copy, sizeof copy, "%s", changes);
	for (char *word; (word = strsep(&rest, " "));) {
		char *value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		struct em_settings *next;
		struct em_err err;
		if (em_settings_with(s, word, value, &next, &err))
			fail_msg("%s", err.msg);
		em_settings_release(s);
		s = next;
	}
	return s;
}

static struct em_corpus *open_with(const char *path, const char *changes)
{
	struct em_settings *s = settings(changes);
	struct em_corpus *c;
	struct em_err err;
	enum em_status status = em_corpus_open(path, s, &c, &err);
	em_settings_release(s);
	if (status)
		fail_msg("%s", err.msg);
	return c;
}

/* Opens what cannot be opened; the message without the directory in front. */
static const char *refusal(const char *path, const char *changes)
{
	static char message[480];
	struct em_settings *s = settings(changes);
	struct em_corpus *c = (struct em_corpus *)message;
	struct em_err err = {0};
	enum em_status status = em_corpus_open(path, s, &c, &err);
	em_settings_release(s);
	if (status == EM_OK) {
		em_corpus_free(c);
		fail_msg("%s was opened", path);
	}
	assert_true(status == EM_INPUT || status == EM_IO);
	assert_int_equal(err.code, status);
	assert_null(c);
	char *out = message;
	for (const char *p = err.msg; *p;) {
		size_t n = strlen(place);
		if (strncmp(p, place, n) == 0 && p[n] == '/')
			p += n + 1;
		else
			*out++ = *p++;
	}
	*out = '\0';
	return message;
}

/* "apple:2 pear:1 | | plum:1": the documents as counts of terms in their order. */
static char *shape(const struct em_corpus *c)
{
	struct buf b = {0};
	uint64_t tokens = 0;
	buf_puts(&b, "");
	for (size_t d = 0; d < c->docs; d++) {
		uint64_t length = 0;
		buf_puts(&b, d ? "|" : "");
		for (size_t i = c->row[d]; i < c->row[d + 1]; i++) {
			assert_true(c->term[i] < c->terms && c->count[i] > 0);
			buf_printf(&b, "%s%s:%u", i > c->row[d] ? " " : "", c->vocabulary[c->term[i]], c->count[i]);
			length += c->count[i];
		}
		assert_int_equal(length, c->length[d]);
		tokens += length;
	}
	assert_int_equal(tokens, c->tokens);
	assert_int_equal(c->row[c->docs], c->pairs);
	return buf_take(&b);
}

static void assert_shape(const char *path, const char *changes, const char *expected)
{
	struct em_corpus *c = open_with(path, changes);
	char *s = shape(c);
	assert_string_equal(s, expected);
	free(s);
	em_corpus_free(c);
}

static void assert_reports(const struct em_corpus *c, const char *part)
{
	char *report = em_corpus_report(c);
	assert_non_null(report);
	if (!strstr(report, part))
		fail_msg("\"%s\" is not in the report:\n%s", part, report);
	free(report);
}

/* --- CSV ----------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *changes, *in, *expected;
} tables_read[] = {
	{"a.csv", "", "text\napple pear apple\nplum\n", "apple:2 pear:1|plum:1"},
	{"a.csv", "", "\xef\xbb\xbfTEXT\r\napple\r\nplum\r\n", "apple:1|plum:1"},
	{"a.csv", "", "text\rapple\rplum", "apple:1|plum:1"},
	{"a.csv", "", "id,text\n1,\"apple, pear\"\n2,\"\"\"plum\"\" plum\"\n", "apple:1 pear:1|plum:2"},
	{"a.csv", "", "id,text\n1,\"apple\npear\r\n\nplum\"\n2,fig\n", "apple:1 pear:1 plum:1|fig:1"},
	{"a.csv", "", "id,text\n\n1,apple\n\n\n2,fig\n\n", "apple:1|fig:1"},
	{"a.csv", "", "id,text\n1,\n2,fig\n", "|fig:1"},
	{"a.csv", "text=body", "body,text\napple,pear\n", "apple:1"},
	{"a.csv", "text=BODY", "body,text\napple,pear\n", "apple:1"},
	{"a.csv", "text=1", "body,text\napple,pear\n", "apple:1"},
	{"a.csv", "text=2", "x,x\napple,pear\n", "pear:1"},
	{"a.csv", "", " text , id\napple,pear\n", "apple:1"},
	{"a.CSV", "", "text\napple", "apple:1"},
	{"a.tsv", "", "id\ttext\n1\tapple, pear\n2\tthe 5\" plum\n", "apple:1 pear:1|plum:1"},
	{"a.tsv", "", "id\ttext\n1\t\"apple\tpear\"\n", "apple:1 pear:1"},
};

static void test_csv(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tables_read / sizeof tables_read[0]; i++)
		assert_shape(put(tables_read[i].name, tables_read[i].in), tables_read[i].changes, tables_read[i].expected);
}

static const struct {
	const char *name, *changes, *in, *message;
} tables_refused[] = {
	{"a.csv", "", "", "a.csv: empty; the first row must name the columns"},
	{"a.csv", "", "text\n", "a.csv: no documents in it"},
	{"a.csv", "", "title,body\nx,y\n", "a.csv:1: no column \"text\", only title, body; name one with --set text=COLUMN"},
	{"a.csv", "text=abc", "title,text\nx,y\n", "a.csv:1: no column \"abc\", only title, text; name one with --set text=COLUMN"},
	{"a.csv", "text=3", "title,text\nx,y\n", "a.csv:1: no column \"3\", only title, text; name one with --set text=COLUMN"},
	{"a.csv", "text=0", "title,text\nx,y\n", "a.csv:1: no column \"0\", only title, text; name one with --set text=COLUMN"},
	{"a.csv", "title=name", "title,text\nx,y\n", "a.csv:1: no column \"name\", only title, text; name one with --set title=COLUMN"},
	{"a.csv", "", "\n\nti\x1btle\nx\n", "a.csv:3: no column \"text\", only ti" "\xef\xbf\xbd" "tle; name one with --set text=COLUMN"},
	{"a.csv", "", "id,text\n1,apple\n2,pear,plum\n3,fig\n",
	 "a.csv:3: 3 fields where the header has 2; quote a field that holds the separator"},
	{"a.csv", "", "id,text\n1,\"apple\npear\"\n\n2\n", "a.csv:5: 1 field where the header has 2; quote a field that holds the separator"},
	{"a.csv", "", "id,text\n\"1\n1\",\"a\nb\",c\n2\n", "a.csv:2: 3 fields where the header has 2; quote a field that holds the separator"},
	{"a.csv", "", "id,text\n1,apple\n2,\"pear\n3,fig\n", "a.csv:3: a quote is opened here and never closed; close it"},
	{"a.csv", "", "id,text\n\"1\n\n2\",\"pear\n3,fig\n4", "a.csv:4: a quote is opened here and never closed; close it"},
	{"a.csv", "", "id,text\n1,\"pear", "a.csv:2: a quote is opened here and never closed; close it"},
	{"a.csv", "", "\"text", "a.csv:1: a quote is opened here and never closed; close it"},
	{"a.csv", "", "id,text\n1,apple\n2,a 5\" plum\n", "a.csv:3: a quote inside a field; write it twice and put the field in quotes"},
	{"a.csv", "", "id,text\n1,\"apple\" pie\n", "a.csv:2: a quote inside a field; write it twice and put the field in quotes"},
	{"a.tsv", "", "id\ttext\n1\t\"apple\n2\tpear\n", "a.tsv:2: a quote is opened here and never closed; close it"},
	{"a.csv", "", "\xff\xfet\0e\0", "a.csv: this is UTF-16; give UTF-8 (iconv -f UTF-16 -t UTF-8 converts it)"},
	{"a.csv", "stop=none", "text\n...\n", "a.csv: 1 document without a single word"},
	{"a.csv", "", "text\nthe and of\nthe 17\n", "a.csv: 2 documents, 5 tokens, none left: numbers=drop took 1, stop words took 4; "
	 "loosen numbers or stop"},
	{"a.csv", "stop=none min_df=20", "text\nx apple\npear\n", "a.csv: 2 documents, 3 tokens, none left: min_length=2 took 1, "
	 "min_df=20 took 2; loosen min_length or min_df"},
	{"a.csv", "max_df=0.5", "text\napple\napple\n", "a.csv: 2 documents, 2 tokens, none left: max_df=0.5 took 2; loosen max_df"},
	{"a.jsonl", "", "{}", "a.jsonl: JSON is not read yet; give a .csv with a column named text"},
	{"a.txt", "", "x", "a.txt: one text file; give its folder, or - for standard input with one document a line"},
	{"a.doc", "", "x", "a.doc: of no kind that is read here; give a folder of .txt, a .csv, .tsv, .ldac or .dat, or - for standard input"},
};

static void test_csv_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tables_refused / sizeof tables_refused[0]; i++)
		assert_string_equal(refusal(put(tables_refused[i].name, tables_refused[i].in), tables_refused[i].changes),
		                    tables_refused[i].message);
	put_bytes("zero.csv", "text\na\n\0b\n", 10);
	assert_string_equal(refusal(in_place("zero.csv"), ""),
	                    "zero.csv:3: a zero byte, so this is not UTF-8 text; give a text file");
	assert_string_equal(refusal(in_place("none.csv"), ""), "none.csv: No such file or directory");
	mkdir(in_place("folder.csv"), 0700);
	assert_non_null(strstr(refusal(in_place("folder.csv"), ""), "folder.csv: no .txt files in this folder or below"));
	assert_non_null(strstr(refusal("/dev/null", ""), "/dev/null: of no kind"));
}

static void test_csv_names(void **state)
{
	(void)state;
	struct em_corpus *c = open_with(put("a.csv", "id,title,text\n7,Apples,apple\n8,,pear\n,,plum\n"), "");
	assert_string_equal(c->name[0], "Apples");
	assert_string_equal(c->name[1], "8");
	assert_string_equal(c->name[2], "document 3");
	assert_string_equal(em_corpus_name(c), "a.csv");
	assert_true(c->has_text);
	assert_int_equal(c->text[1].length, 4);
	assert_memory_equal(c->text[1].bytes, "pear", 4);
	assert_reports(c, "columns   id, title, text\n          text from column 3, names from column 2\n");
	em_corpus_free(c);
	c = open_with(put("b.csv", "key,body,text\nk1,apple,x\n"), "id=key text=body");
	assert_string_equal(c->name[0], "k1");
	em_corpus_free(c);
}

/* What csv_field writes, the reader gives back. */
static void test_csv_written_and_read(void **state)
{
	(void)state;
	static const char *const fields[] = {"plain", "with, comma", "with \"quotes\"", "two\nlines", " blank", "", "\"", "é\r\n"};
	struct buf b = {0};
	buf_puts(&b, "title,text\n");
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		csv_field(&b, fields[i]);
		buf_putc(&b, ',');
		csv_field(&b, "apple");
		buf_putc(&b, '\n');
	}
	assert_false(b.failed);
	struct em_corpus *c = open_with(put("a.csv", b.s), "");
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		assert_string_equal(c->name[i], *fields[i] ? fields[i] : "document 6");
	em_corpus_free(c);
	buf_free(&b);
}

/* --- folders, lines ------------------------------------------------------------------------------------------ */

static void test_folder(void **state)
{
	(void)state;
	mkdir(in_place("f"), 0700);
	mkdir(in_place("f/sub"), 0700);
	mkdir(in_place("f/.hidden"), 0700);
	mkdir(in_place("f/named.txt"), 0700);
	put("f/b.txt", "\xef\xbb\xbf" "Pear\r\npear");
	put("f/a.txt", "apple");
	put("f/A.TXT", "fig");
	put("f/empty.txt", "");
	put("f/sub/c.txt", "plum");
	put("f/named.txt/d.txt", "date");
	put("f/.secret.txt", "secret");
	put("f/.hidden/e.txt", "secret");
	put("f/table.csv", "text\nsecret\n");
	put("f/notes.md", "secret");
	assert_int_equal(symlink("..", in_place("f/sub/up")), 0);
	assert_int_equal(symlink(".", in_place("f/loop")), 0);
	assert_int_equal(symlink("a.txt", in_place("f/link.txt")), 0);
	struct em_corpus *c = open_with(in_place("f"), "");
	char *s = shape(c);
	assert_string_equal(s, "fig:1|apple:1|pear:2||apple:1|date:1|plum:1");
	free(s);
	static const char *const names[] = {"A", "a", "b", "empty", "link", "named.txt/d", "sub/c"};
	for (size_t d = 0; d < 7; d++)
		assert_string_equal(c->name[d], names[d]);
	assert_memory_equal(c->text[2].bytes, "Pear", 4); /* without the byte order mark */
	assert_reports(c, "left out  2 files not .txt; can be opened by itself: table.csv\n");
	assert_reports(c, "empty     1 document without a token left; kept, counting zero\n          4 empty\n");
	assert_reports(c, "repeated  1 document with the same text as an earlier one\n          5 link = 2 a\n");
	const char *slash = strrchr(place, '/');
	char expected[100];
	snprintf(expected, sizeof expected, "%s/f", slash + 1);
	assert_string_equal(em_corpus_name(c), expected);
	em_corpus_free(c);
}

static void test_folder_refused(void **state)
{
	(void)state;
	mkdir(in_place("f"), 0700);
	assert_string_equal(refusal(in_place("f"), ""), "f: no .txt files in this folder or below; give a folder of .txt, a .csv, "
	                    ".tsv, .ldac or .dat");
	put("f/x.ldac", "0\n");
	assert_string_equal(refusal(in_place("f"), ""), "f: no .txt files in this folder; to open f/x.ldac give that file");
	put("f/a.txt", "apple");
	assert_int_equal(symlink("nowhere", in_place("f/b.txt")), 0);
	assert_string_equal(refusal(in_place("f"), ""), "f/b.txt: cannot read: No such file or directory");
	unlink(in_place("f/b.txt"));
	put_bytes("f/b.txt", "a\nb\0c", 5);
	assert_string_equal(refusal(in_place("f"), ""), "f/b.txt:2: a zero byte, so this is not UTF-8 text; give a text file");
	unlink(in_place("f/b.txt"));
	put("f/a.txt", "");
	assert_string_equal(refusal(in_place("f"), ""), "f: 1 document without a single word");
}

/* Runs with a file as standard input. */
static struct em_corpus *open_standard_input(const char *text)
{
	int saved = dup(STDIN_FILENO);
	assert_non_null(freopen(put("stdin", text), "r", stdin));
	struct em_corpus *c = open_with("-", "");
	dup2(saved, STDIN_FILENO);
	close(saved);
	return c;
}

static void test_standard_input(void **state)
{
	(void)state;
	struct em_corpus *c = open_standard_input("apple pear\r\n\nplum\n");
	char *s = shape(c);
	assert_string_equal(s, "apple:1 pear:1||plum:1");
	free(s);
	assert_string_equal(c->name[2], "line 3");
	assert_string_equal(em_corpus_name(c), "standard input");
	em_corpus_free(c);
}

/* --- LDA-C --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *in, *vocab, *expected;
} counts_read[] = {
	{"2 0:1 1:2\n1 1:3\n", "apple\npear\n", "apple:1 pear:2|pear:3"},
	{"2 1:2 0:1\r\n0\r\n1 1:3", "apple\r\npear\r\n", "pear:2 apple:1||pear:3"}, /* in the order of the file */
	{"2 0:1  1:2 \n", "apple\npear\nnever\n", "apple:1 pear:2"},
	{"1 2:1\n", NULL, "term 2:1"},
	{"1 1:1\n", "apple\n\nplum\n", "term 1:1"},
	{"1 0:4294967295\n", "apple\n", "apple:4294967295"},
	{"1 0:1\n", "e\xcc\x81t\xc3\xa9\n", "\xc3\xa9t\xc3\xa9:1"},
};

static void test_ldac(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof counts_read / sizeof counts_read[0]; i++) {
		unlink(in_place("vocab.txt"));
		if (counts_read[i].vocab)
			put("vocab.txt", counts_read[i].vocab);
		assert_shape(put(i % 2 ? "a.dat" : "a.ldac", counts_read[i].in), "", counts_read[i].expected);
	}
	/* The rules for words do not touch counts; a term that never occurs keeps its number. */
	put("vocab.txt", "the\nx\n1999\n");
	struct em_corpus *c = open_with(put("a.ldac", "2 0:1 2:1\n"), "min_df=9 max_df=0 min_length=9");
	assert_int_equal(c->terms, 3);
	assert_int_equal(c->tokens, 2);
	assert_false(c->has_text);
	assert_null(c->text[0].bytes);
	struct em_token *tokens;
	size_t count;
	assert_int_equal(em_corpus_tokens(c, 0, &tokens, &count, NULL), EM_OK);
	assert_int_equal(count, 0);
	free(tokens);
	assert_reports(c, "a.ldac: 1 document, 2 tokens, 3 terms\n");
	assert_reports(c, "unused    1 term of the vocabulary in no document\n");
	em_corpus_free(c);
	put("words", "uno\ndue\ntre\n");
	char changes[600];
	snprintf(changes, sizeof changes, "vocab=%s", in_place("words"));
	assert_shape(in_place("a.ldac"), changes, "uno:1 tre:1");
}

static const struct {
	const char *in, *message;
} counts_refused[] = {
	{"", "a.ldac: no documents in it"},
	{"0\n0\n", "a.ldac: 2 documents without a single term"},
	{"1 0:1\n\n1 0:1\n", "a.ldac:2: an empty line; a document without terms is written 0"},
	{"1 0:1\n  \n", "a.ldac:2: an empty line; a document without terms is written 0"},
	{"1 0:1\n2 0:1\n", "a.ldac:2: the line says 2 pairs and holds 1; make them agree"},
	{"1 0:1 1:1\n", "a.ldac:1: the line says 1 pairs and holds 2; make them agree"},
	{"x 0:1\n", "a.ldac:1: \"x\" is not a number of pairs; a line is N term:count term:count ..."},
	{"-1 0:1\n", "a.ldac:1: \"-1\" is not a number of pairs; a line is N term:count term:count ..."},
	{"1:1\n", "a.ldac:1: \"1:1\" is not a number of pairs; a line is N term:count term:count ..."},
	{"1 0\n", "a.ldac:1: \"0\" is not a pair; give term:count, like 17:2"},
	{"1 :1\n", "a.ldac:1: \":1\" is not a pair; give term:count, like 17:2"},
	{"1 0:\n", "a.ldac:1: \"0:\" is not a pair; a count is a whole number from 1"},
	{"1 0:1.5\n", "a.ldac:1: \"0:1.5\" is not a pair; a count is a whole number from 1"},
	{"1 0:-1\n", "a.ldac:1: \"0:-1\" is not a pair; a count is a whole number from 1"},
	{"1 -1:1\n", "a.ldac:1: \"-1:1\" is not a pair; give term:count, like 17:2"},
	{"1 0:1:1\n", "a.ldac:1: \"0:1:1\" is not a pair; a count is a whole number from 1"},
	{"1 0:0\n", "a.ldac:1: \"0:0\" counts nothing; leave the pair out"},
	{"1 0:4294967296\n", "a.ldac:1: \"0:4294967296\" counts more than 4294967295; split the document"},
	{"1 0:99999999999999999999999\n", "a.ldac:1: \"0:99999999999999999999999\" counts more than 4294967295; split the document"},
	{"2 0:4294967295 1:1\n", "a.ldac:1: more than 4294967295 tokens in a document; split it"},
	{"1 0:1\n3 0:1 1:1 0:2\n", "a.ldac:2: term 0 is there twice; add its counts up"},
	{"1 0:1\n1 2:1\n", "a.ldac:2: term 2, but vocab.txt has 2 terms, numbered from 0"},
	{"1 \x1b[31m:1\n", "a.ldac:1: \"\xef\xbf\xbd[31m:1\" is not a pair; give term:count, like 17:2"},
};

static void test_ldac_refused(void **state)
{
	(void)state;
	put("vocab.txt", "apple\npear\n");
	for (size_t i = 0; i < sizeof counts_refused / sizeof counts_refused[0]; i++)
		assert_string_equal(refusal(put("a.ldac", counts_refused[i].in), ""), counts_refused[i].message);
	put("a.ldac", "1 0:1\n");
	assert_string_equal(refusal(in_place("a.ldac"), "vocab=/nowhere/vocab"), "/nowhere/vocab: No such file or directory");
	put("vocab.txt", "");
	assert_string_equal(refusal(in_place("a.ldac"), ""), "vocab.txt: empty; give one term a line");
	unlink(in_place("vocab.txt"));
	put("a.ldac", "1 4294967294:1\n");
	assert_string_equal(refusal(in_place("a.ldac"), ""),
	                    "a.ldac:1: term 4294967294 without a vocabulary; give one with --set vocab=FILE");
}

static void test_ldac_titles(void **state)
{
	(void)state;
	put("a.ldac", "1 0:1\n1 0:2\n1 0:1\n");
	put("titles.txt", "0 First\n1 Second\n2 2 Third\n");
	struct em_corpus *c = open_with(in_place("a.ldac"), "");
	assert_string_equal(c->name[0], "First");
	assert_string_equal(c->name[2], "2 Third");
	assert_reports(c, "repeated  1 document with the same counts as an earlier one\n          3 2 Third = 1 First\n");
	em_corpus_free(c);
	put("titles.txt", "Apples\n1 pear\n\n"); /* not all numbered, so a number belongs to its title */
	c = open_with(in_place("a.ldac"), "");
	assert_string_equal(c->name[1], "1 pear");
	assert_string_equal(c->name[2], "document 3");
	em_corpus_free(c);
	put("titles.txt", "Apples\n");
	c = open_with(in_place("a.ldac"), "");
	assert_string_equal(c->name[0], "document 1");
	assert_reports(c, "titles    not used: titles.txt has 1 lines for 3 documents\n");
	em_corpus_free(c);
}

/* --- words --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *in, *changes, *expected;
} words_read[] = {
	{"Apple APPLE apple", "", "apple:3"},
	{"Don't don\xe2\x80\x99t", "stop=none", "don't:2"},
	{"rock 'n' roll, 'quoted'", "stop=none min_length=1", "n:1 quoted:1 rock:1 roll:1"},
	{"well-known e.g. example.com", "stop=none min_length=1", "e.g:1 example.com:1 known:1 well:1"},
	{"snake_case __init__ ___", "", "__init__:1 snake_case:1"},
	{"caf\xc3\xa9 cafe\xcc\x81 CAF\xc3\x89", "", "caf\xc3\xa9:3"},                /* NFC, NFD, capitals */
	{"Привет, МИР! привет", "", "мир:1 привет:2"},
	{"ΛΌΓΟΣ λόγος Λόγος", "", "λόγος:3"},
	{"Stra\xc3\x9f" "e STRASSE", "", "strasse:2"},
	{"co\xc2\xad" "operate cooperate", "", "cooperate:2"},
	{"日本", "stop=none", "日:1 本:1"},
	{"한국어 한국어", "", "한국어:2"},
	{"z é a b ж", "stop=none min_length=1", "a:1 b:1 z:1 é:1 ж:1"},                /* by code point */
	{"1999 3.14 2nd x86", "", "2nd:1 x86:1"},
	{"1999 3.14 2nd 7", "numbers=keep", "1999:1 2nd:1 3.14:1"},
	{"a ab abc", "stop=none min_length=3", "abc:1"},
	{"\xd0\xb6\xd0\xb6 \xc3\xa9", "stop=none min_length=2", "\xd0\xb6\xd0\xb6:1"}, /* letters, not bytes */
	{"e\xcc\x81", "stop=none min_length=1", "\xc3\xa9:1"},
	{"bad\xff" "byte \xc3(", "", "bad:1 byte:1"},
	{"\x1b[31mred\x1b[0m", "stop=none min_length=1", "0m:1 31mred:1"},
	{"they'll it's CAN'T the apple", "", "apple:1"},
	{"word\xe2\x80\xae" "drow", "", "worddrow:1"},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof words_read / sizeof words_read[0]; i++) {
		struct buf b = {0};
		buf_puts(&b, "text\n");
		csv_field(&b, words_read[i].in);
		assert_shape(put("a.csv", b.s), words_read[i].changes, words_read[i].expected);
		buf_free(&b);
	}
}

static void test_rules(void **state)
{
	(void)state;
	put("a.csv", "text\napple pear\napple plum\napple pear fig\n");
	assert_shape(in_place("a.csv"), "min_df=2", "apple:1 pear:1|apple:1|apple:1 pear:1");
	assert_shape(in_place("a.csv"), "max_df=0.67", "pear:1|plum:1|fig:1 pear:1");
	assert_shape(in_place("a.csv"), "max_df=0.5", "|plum:1|fig:1");
	put("stops", "# fruit\nAPPLE fig # two\n\n");
	char changes[600];
	snprintf(changes, sizeof changes, "stop=%s", in_place("stops"));
	assert_shape(in_place("a.csv"), changes, "pear:1|plum:1|pear:1");
	snprintf(changes, sizeof changes, "stop=%s", in_place("nostops"));
	assert_string_equal(refusal(in_place("a.csv"), changes),
	                    "stop words: nostops: No such file or directory; give english, none or a file of words");
	/* A share that is not exact in binary: 29 of 100 documents is not more than 0.29. */
	struct buf b = {0};
	buf_puts(&b, "text\n");
	for (int i = 0; i < 100; i++)
		buf_puts(&b, i < 29 ? "edge\n" : "rest edgy\n");
	struct em_corpus *c = open_with(put("b.csv", b.s), "max_df=0.29");
	assert_int_equal(c->tokens, 29);
	em_corpus_free(c);
	buf_free(&b);
}

static void test_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		enum em_rule rule;
		const char *term;
	} expected[] = {
		{"The", EM_RULE_STOP, NULL},    {"Caf\xc3\xa9", EM_KEPT, "caf\xc3\xa9"}, {"1999", EM_RULE_NUMBER, NULL},
		{"q", EM_RULE_SHORT, NULL},     {"rare", EM_RULE_RARE, NULL},            {"everywhere2", EM_RULE_COMMON, NULL},
		{"cafe\xcc\x81", EM_KEPT, "caf\xc3\xa9"},
	};
	put("a.csv", "text\n\"The Caf\xc3\xa9, 1999: q rare everywhere2 cafe\xcc\x81!\"\ncaf\xc3\xa9 everywhere2\neverywhere2\n");
	struct em_corpus *c = open_with(in_place("a.csv"), "min_df=2 max_df=0.9");
	struct em_token *tokens;
	size_t count;
	assert_int_equal(em_corpus_tokens(c, 0, &tokens, &count, NULL), EM_OK);
	assert_int_equal(count, sizeof expected / sizeof expected[0]);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(tokens[i].length, strlen(expected[i].word));
		assert_memory_equal(c->text[0].bytes + tokens[i].at, expected[i].word, tokens[i].length);
		assert_int_equal(tokens[i].rule, expected[i].rule);
		if (expected[i].term)
			assert_string_equal(c->vocabulary[tokens[i].term], expected[i].term);
	}
	free(tokens);
	em_corpus_free(c);
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* The words of a text by one way through, joined by '|'. */
static char *scanned(const struct words *w, const char *text, size_t n, bool slow)
{
	struct word_scan scan = {.words = w, .text = {text, n}, .slow = slow};
	struct buf b = {0};
	buf_puts(&b, "");
	for (size_t at, length; word_scan_next(&scan, &at, &length);)
		buf_printf(&b, "%zu+%zu|", at, length);
	word_scan_free(&scan);
	return buf_take(&b);
}

/* The short way through ASCII finds what the word breaker finds. */
static void test_ascii_agrees(void **state)
{
	(void)state;
	static const char kinds[] = "aaaaZZ0099..,,;::''\"\"__-- \t\n\r\v\f/@#$%()[]{}+=*&^~`|\\<>?!\x01\x1f\x7f";
	struct em_settings *s = settings("");
	struct words w;
	uint64_t seed = 3;
	assert_int_equal(words_init(&w, s, NULL), EM_OK);
	for (int round = 0; round < 20000; round++) {
		char text[48];
		size_t n = next_random(&seed) % sizeof text;
		for (size_t i = 0; i < n; i++)
			text[i] = kinds[next_random(&seed) % (sizeof kinds - 1)];
		char *fast = scanned(&w, text, n, false), *slow = scanned(&w, text, n, true);
		assert_string_equal(fast, slow);
		free(fast);
		free(slow);
	}
	words_free(&w);
	em_settings_release(s);
}

/* --- the report ---------------------------------------------------------------------------------------------- */

static void test_report(void **state)
{
	(void)state;
	struct buf b = {0};
	buf_puts(&b, "title,text\n");
	for (int i = 0; i < 12; i++)
		buf_printf(&b, "\"a rather long title that has to be cut \x1b[31m %d\",the and of\n", i);
	buf_puts(&b, "last,the apple q 1999\xff\n\xfe\xff" "x,apple\nsame,pear pear\nalso,pear pear\n");
	struct em_corpus *c = open_with(put("a.csv", b.s), "");
	buf_free(&b);
	assert_reports(c, "a.csv: 16 documents, 6 tokens kept of 45, 2 terms\n");
	assert_reports(c, "removed           1  min_length=2    (q)\n");
	assert_reports(c, "                  1  numbers=drop    (1999)\n");
	assert_reports(c, "                 37  stop words      (the, and, of)\n");
	assert_reports(c, "empty     12 documents without a token left; kept, counting zero\n");
	assert_reports(c, "          and 7 more\n");
	assert_reports(c, "repeated  1 document with the same text as an earlier one\n          16 also = 15 same\n");
	assert_reports(c, "bad bytes 3 bytes not UTF-8, shown as U+FFFD\n");
	assert_reports(c, "a.csv:14: 1 byte\n");
	assert_reports(c, "a.csv:15: 2 bytes\n");
	assert_string_equal(c->name[13], "\xef\xbf\xbd\xef\xbf\xbdx");
	char *report = em_corpus_report(c);
	assert_null(strchr(report, '\x1b'));
	size_t width = 0;
	for (char *line = report, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		size_t columns = text_width(line);
		width = columns > width ? columns : width;
	}
	assert_in_range(width, 40, 80);
	free(report);
	em_corpus_free(c);
}

static void test_built_in(void **state)
{
	(void)state;
	struct em_corpus *c = open_with(NULL, "");
	assert_string_equal(em_corpus_name(c), "gazette");
	assert_in_range(c->docs, 120, 1000);
	assert_true(c->has_text);
	for (size_t d = 0; d < c->docs; d++) {
		struct em_token *tokens;
		size_t count, kept = 0;
		assert_int_equal(em_corpus_tokens(c, d, &tokens, &count, NULL), EM_OK);
		for (size_t i = 0; i < count; i++)
			kept += tokens[i].rule == EM_KEPT;
		assert_int_equal(kept, c->length[d]);
		free(tokens);
	}
	em_corpus_free(c);
}

/* --- corpora of the person who runs the tests (ELBOW_DATA names their folder) ---------------------------------- */

static void test_real_corpora(void **state)
{
	(void)state;
	static const struct {
		const char *file;
		size_t docs, terms, pairs, tokens;
		uint32_t shortest, longest;
	} expected[] = {
		{"reuters/reuters.ldac", 395, 4258, 60114, 84010, 36, 541},
		{"ap/ap.ldac", 2246, 10473, 302031, 435838, 2, 620},
		{"kos/kos.ldac", 3430, 6906, 353160, 467714, 25, 670},
		{"nips/nips.ldac", 1500, 7605, 709477, 1870706, 2, 2203},
	};
	const char *data = getenv("ELBOW_DATA");
	for (size_t i = 0; data && *data && i < sizeof expected / sizeof expected[0]; i++) {
		char path[1000];
		snprintf(path, sizeof path, "%s/%s", data, expected[i].file);
		if (access(path, R_OK))
			continue;
		struct em_corpus *c = open_with(path, "");
		assert_int_equal(c->docs, expected[i].docs);
		assert_int_equal(c->terms, expected[i].terms);
		assert_int_equal(c->pairs, expected[i].pairs);
		assert_int_equal(c->tokens, expected[i].tokens);
		uint32_t shortest = UINT32_MAX, longest = 0;
		for (size_t d = 0; d < c->docs; d++) {
			shortest = c->length[d] < shortest ? c->length[d] : shortest;
			longest = c->length[d] > longest ? c->length[d] : longest;
		}
		assert_int_equal(shortest, expected[i].shortest);
		assert_int_equal(longest, expected[i].longest);
		em_corpus_free(c);
	}
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_csv),
		IN_PLACE(test_csv_refused),
		IN_PLACE(test_csv_names),
		IN_PLACE(test_csv_written_and_read),
		IN_PLACE(test_folder),
		IN_PLACE(test_folder_refused),
		IN_PLACE(test_standard_input),
		IN_PLACE(test_ldac),
		IN_PLACE(test_ldac_refused),
		IN_PLACE(test_ldac_titles),
		IN_PLACE(test_words),
		IN_PLACE(test_rules),
		IN_PLACE(test_tokens),
		IN_PLACE(test_report),
		cmocka_unit_test(test_ascii_agrees),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_real_corpora),
	};
	return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
