/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p(X|theta) and the bound ELBO(q,theta), q held, along a line in theta (Bishop, Pattern Recognition and Machine
 * Learning, 2006, figure 9.14), or log p over two parameters with the path of EM on it. */
#ifndef ELBOW_LANDSCAPE_H
#define ELBOW_LANDSCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/run.h"

/* An element of a named array of theta, indices from 0. */
struct em_coordinate {
	char array[32];
	size_t at[3];
};

enum em_landscape_kind {
	EM_ALONG_MOVE, /* from the theta that q was made with (0) to where the M-step goes from there (1), and on both ways */
	EM_ALONG_ONE,  /* one parameter, the others as they are; of a row that sums to 1 they share what is left */
	EM_OVER_TWO    /* two parameters */
};

struct em_landscape_ask {
	enum em_landscape_kind kind;
	struct em_coordinate x, y; /* of EM_ALONG_ONE (x) and EM_OVER_TWO */
	double zoom;               /* 1: as wide as suits; larger: nearer */
};

/* Where something is on a line; at is NAN when it is not on it. */
struct em_landscape_point {
	double at, log_p, bound;
};

struct em_landscape {
	struct em_landscape_ask ask;
	size_t step;             /* the ledger entry it was taken at, and what stood there */
	struct em_entry entry;
	bool next_m, inside;
	size_t moves;            /* M-steps so far */
	char why[320];           /* not empty: there is nothing to draw, because */
	/* A line: [points] each, NAN where theta may not be or log p is unknown. */
	size_t points;
	double *x, *log_p, *bound;
	/* theta now; where q was made; the maximum of the bound on the line. log p as in the ledger where it is unknown along the line. */
	struct em_landscape_point now, made, best;
	struct em_landscape_point peak; /* of EM_ALONG_ONE: the maximum of log p on the line */
	/* A map: [columns], [rows], [rows][columns]; log p, or the bound where log p is unknown. */
	size_t columns, rows;
	double *map_x, *map_y, *map;
	bool map_is_bound;
	/* The thetas of the ledger so far, as far as history holds them: [path], on a map, or (path_y NULL) along one. */
	size_t path;
	double *path_x, *path_y;
};

/* At the position of the run, which is left alone. Owned: em_landscape_free. The number of points falls with the size of the
 * data, so that it takes about as long as a few iterations. EM_USAGE: no such parameter. Same bits on any number of threads. */
enum em_status em_run_landscape(struct em_run *r, const struct em_landscape_ask *ask, const struct em_hooks *h,
                                struct em_landscape **out, struct em_err *err);
void em_landscape_free(struct em_landscape *l);

/* The i-th parameter that one can look along, in the order of the arrays; false past the last. Of a matrix that is
 * symmetric the lower half. */
bool em_landscape_coordinate(const struct em_problem *p, size_t i, struct em_coordinate *out);
/* Whether there is this parameter and it can move. */
bool em_landscape_has(const struct em_problem *p, const struct em_coordinate *c);
/* Two parameters that suit a map of this model; false when it has only one. */
bool em_landscape_pair(const struct em_problem *p, struct em_coordinate *x, struct em_coordinate *y);
/* True when both ask for the same. */
bool em_landscape_same(const struct em_landscape_ask *a, const struct em_landscape_ask *b);

#endif
