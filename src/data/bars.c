/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bars of Griffiths and Steyvers, "Finding scientific topics", PNAS 101 (2004): the terms are the cells of a 5 x 5
 * grid, a topic is uniform over one row or one column, a document mixes the ten with Dirichlet(1) shares. Theirs were
 * 2000 documents; fewer show the same and step faster. */
#include "data/bars.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/buf.h"

/* An index with chances shares[i], which sum to 1. */
static unsigned draw(const gsl_rng *rng, const double *shares, unsigned count)
{
	double at = gsl_rng_uniform(rng);
	unsigned i = 0;
	for (; i + 1 < count && at >= shares[i]; i++)
		at -= shares[i];
	return i;
}

static void write_document(const gsl_rng *rng, struct buf *csv)
{
	double flat[BARS_TOPICS], shares[BARS_TOPICS];
	for (unsigned t = 0; t < BARS_TOPICS; t++)
		flat[t] = 1;
	gsl_ran_dirichlet(rng, BARS_TOPICS, flat, shares);
	for (unsigned i = 0; i < BARS_LENGTH; i++) {
		unsigned topic = draw(rng, shares, BARS_TOPICS), cell = (unsigned)gsl_rng_uniform_int(rng, BARS_SIDE);
		bool is_row = topic < BARS_SIDE;
		unsigned bar = is_row ? topic : topic - BARS_SIDE;
		buf_printf(csv, "%sr%uc%u", i ? " " : "", (is_row ? bar : cell) + 1, (is_row ? cell : bar) + 1);
	}
}

enum em_status bars_make(uint64_t seed, const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return em_no_memory(err);
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	struct buf csv = {0};
	buf_puts(&csv, "title,text\n");
	for (unsigned d = 0; d < BARS_DOCUMENTS; d++) {
		buf_printf(&csv, "document %u,", d + 1);
		write_document(rng, &csv);
		buf_putc(&csv, '\n');
	}
	gsl_rng_free(rng);
	struct em_corpus *corpus = NULL;
	enum em_status st = csv.failed ? em_no_memory(err) : em_corpus_from("bars", csv.s, csv.len, s, &corpus, err);
	buf_free(&csv);
	return st ? st : em_data_of("bars", corpus, NULL, NULL, out, err);
}
