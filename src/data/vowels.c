/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/vowels.h"

#include <string.h>

#include "base/buf.h"

enum { ENOUGH = 70000 }; /* bytes */

/* Appends a text, a line end behind each sentence. */
static void add_sentences(struct buf *b, struct em_text text)
{
	for (size_t i = 0; i < text.length; i++) {
		char c = text.bytes[i], next = i + 1 < text.length ? text.bytes[i + 1] : ' ';
		bool end = next == ' ' && (c == '.' || c == '?' || c == '!');
		buf_putc(b, c == '\n' || c == '\r' ? ' ' : c);
		if (end) {
			buf_putc(b, '\n');
			i++;
		}
	}
	if (b->len && b->s[b->len - 1] != '\n')
		buf_putc(b, '\n');
}

static enum em_status prose(struct buf *b, struct em_err *err)
{
	const struct em_setting_table *tables[] = {&em_corpus_settings};
	struct em_settings *s = em_settings_new(tables, 1);
	struct em_corpus *c = NULL;
	enum em_status st = s ? em_corpus_open(NULL, s, &c, err) : em_no_memory(err);
	for (size_t d = 0; !st && d < c->docs && b->len < ENOUGH; d++)
		add_sentences(b, c->text[d]);
	em_corpus_free(c);
	em_settings_release(s);
	return st ? st : b->failed ? em_no_memory(err) : EM_OK;
}

enum em_status vowels_make(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	(void)s;
	const struct em_setting_table *tables[] = {&em_sequences_settings};
	struct em_settings *plain = em_settings_new(tables, 1), *letters = NULL;
	struct em_sequences *q = NULL;
	struct buf b = {0};
	enum em_status st = plain ? em_settings_with(plain, "symbols", "letters", &letters, err) : em_no_memory(err);
	if (!st)
		st = prose(&b, err);
	if (!st)
		st = em_sequences_from("vowels", b.s, b.len, letters, &q, err);
	if (!st)
		st = em_data_of("vowels", NULL, NULL, q, out, err);
	buf_free(&b);
	em_settings_release(letters);
	em_settings_release(plain);
	return st;
}
