/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading corpora: every format and every way it can be wrong, and the report. */
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
#include "place.h"

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
	{"a.csv", "", "id;text\n1;apple, pear\n2;\"plum; fig\"\n", "apple:1 pear:1|fig:1 plum:1"},
	{"a.csv", "", "id\ttext\n1\tapple, pear\n", "apple:1 pear:1"},
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
	assert_string_equal(em_corpus_name(c), in_place("f") + strlen("/tmp/")); /* the last two parts */
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
	{"1 0:1\n2 0:1\n", "a.ldac:2: the line says 2 and holds 1 pair; make them agree"},
	{"1 0:1 1:1\n", "a.ldac:1: the line says 1 and holds 2 pairs; make them agree"},
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
	assert_reports(c, "titles    not used: titles.txt has 1 line for 3 documents\n");
	em_corpus_free(c);
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
		IN_PLACE(test_report),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_real_corpora),
	};
	return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
