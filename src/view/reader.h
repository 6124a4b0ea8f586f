/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the text of the Reader, its panel of shares and the arithmetic of a word have in common. */
#ifndef ELBOW_VIEW_READER_H
#define ELBOW_VIEW_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "command/study.h"
#include "view/page.h"
#include "view/ui.h"

/* How a model explains the topic of a word: shares with a Dirichlet, shares as parameters, one topic for the document, the exact
 * posterior of each word. */
enum mind_kind { MIND_DIRICHLET, MIND_SHARES, MIND_WHOLE, MIND_PARTS };

/* q of one document and the topics it was made with: all that phi is computed from. */
struct mind {
	enum mind_kind kind;
	const struct em_snapshot *s;
	size_t n, components;
	const struct em_array *topics;
	const double *theta;   /* the one that q of this document was made with */
	bool moved;            /* theta has moved since */
	double sum;            /* of gamma */
	double *gamma, *log_e; /* [components]; gamma, or the shares themselves; log_e is E[log theta_k] = psi(gamma_k) - psi(sum), or log theta_k */
	double *e;             /* exp(log_e) up to a common factor, the largest 1 */
	double *phi;           /* of the term of the last mind_phi */
	double *parts;         /* [pairs][components], MIND_PARTS; else NULL */
	double *beta;          /* [pairs of the document][components] in the place of the topics, where they are hidden too; else NULL */
	const struct study *truth; /* the document's exact posterior; NULL: none at hand */
	const char *missing;   /* what the model lacks, NULL when all is there */
};

/* False when out of memory. With missing set only s, n and components are filled. To be closed. */
bool mind_open(struct mind *m, const struct em_snapshot *s, size_t n);
void mind_close(struct mind *m);
/* Fills phi for a term; returns the leading component. */
size_t mind_phi(struct mind *m, size_t term);
/* beta of a term, or exp E[log beta]. */
double mind_beta(const struct mind *m, size_t k, size_t term);

/* gamma and E[theta] with their 90 % intervals. */
void reader_panel(struct ui *ui, struct canvas *c, struct rect r, const struct mind *m, struct page *p);
/* The arithmetic of the selected word; how many rows it would fill at best. */
void reader_why(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, struct mind *m,
                const struct page_word *w, size_t place, size_t of);
int reader_why_rows(size_t components);

/* reader_truth.c. p(z = k|w) of a term, [components]; NULL: unknown. */
const double *truth_of(const struct mind *m, size_t term);
/* How sure q is and should be, and what its KL is made of, in two lines, or one. */
void reader_truth_line(struct canvas *c, struct rect r, const struct picture *pic, const struct mind *m, struct page *p);
/* reader_figure.c: q(theta) and p(theta|w) as two curves over theta_1, or as contours over shades on the simplex of three topics. */
void reader_truth_picture(struct ui *ui, struct canvas *c, struct rect r, const struct mind *m);

/* reader_card.c: where the responsibilities of observation n come from, component by component: weight x density, normalized. */
void reader_card(const struct em_snapshot *s, struct canvas *c, struct rect r, size_t n);

#endif
