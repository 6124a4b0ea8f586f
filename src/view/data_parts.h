/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the pictures of the view Data share. */
#ifndef ELBOW_VIEW_DATA_PARTS_H
#define ELBOW_VIEW_DATA_PARTS_H

#include "base/number.h"
#include "plot/canvas.h"
#include "view/ui.h"
#include "view/view.h"

/* The observations of one kind of model. */
struct data_picture {
	void (*draw)(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r);
	/* Keys of its own, before those that all have; NULL: none. */
	bool (*command)(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err);
};

extern const struct data_picture data_scatter, data_histogram, data_coins, data_rates, data_gallery, data_rows, data_chain,
    data_cells;

/* Cuts a line off the top: what is drawn, and at the right after which step. Nothing where there is no room for it. */
void data_head(struct canvas *c, struct rect *r, const struct picture *pic, const char *text);
/* Cuts a line off the bottom: the selected observation, its label and its largest shares. */
void data_foot(const struct ui *ui, struct canvas *c, struct rect *r, const struct picture *pic);
/* A dim line off the bottom, where there is room. */
void data_note(struct canvas *c, struct rect *r, const char *text);

/* Keeps the selected observation in range and in sight among rows of `columns` items of w x h cells in body; the first
 * item to draw. */
size_t data_items(struct ui *ui, const struct picture *pic, struct rect body, size_t columns, int w, int h);

/* The shares of one observation in *room, which grows as needed and is freed by the caller; NULL when there are none. */
const double *data_shares(const struct em_snapshot *s, size_t n, double **room);
/* The component with the largest share. */
size_t data_leader(const double *share, size_t k);

/* An element of an array of rank 3. */
double data_at3(const double *block, const struct em_array *a, size_t i, size_t j, size_t l);

/* How many observations of the table are drawn: every `step`-th. */
size_t data_step(size_t observations);

/* True when the last step moved theta, so that there is a before to draw. */
bool data_moved(const struct em_snapshot *s);

/* What is computed once for several frames. Borrowed from ui until the next call; NULL when out of memory. */

/* The first two principal axes of the table as directions, [2][columns]; *share of the variance each has. */
const double *data_axes(struct ui *ui, const struct picture *pic, double share[2]);
/* q(z_t = k) of times from .. from+count-1 of observation n, [count][components]. */
const double *data_window(struct ui *ui, const struct picture *pic, size_t n, size_t from, size_t count, struct em_err *err);
/* How often each term of the corpus occurs, [terms]. */
const double *data_totals(struct ui *ui, const struct picture *pic);
void data_cache_free(struct data_cache *cache); /* NULL is allowed */

#endif
