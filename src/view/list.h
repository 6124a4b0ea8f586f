/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists with a cursor: moving, paging, clicking and searching, the same in every view; safe for lists without rows. */
#ifndef ELBOW_VIEW_LIST_H
#define ELBOW_VIEW_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "plot/canvas.h"
#include "view/ui.h"
#include "view/view.h"

/* Fits cursor and top to `rows` rows of which `height` are seen. To be called before drawing. */
void list_fit(struct ui_list *l, size_t rows, int height);
/* Puts the cursor on a row and scrolls as little as needed. */
void list_move_to(struct ui_list *l, size_t rows, size_t row);

/* up down page-up page-down home end wheel-up wheel-down; false for any other command. The wheel moves what is seen and takes the cursor
 * along only when it would be left behind. */
bool list_command(struct ui_list *l, size_t rows, const struct view_call *call);
/* The row at a cell, body being where row `top` is drawn first; false when there is none. */
bool list_at(const struct ui_list *l, size_t rows, struct rect body, int x, int y, size_t *row);
/* Marks the row under the cursor; what has a background of its own keeps it. pointer: with ▸ in the first column. */
void list_highlight(struct canvas *c, struct rect row, bool pointer);
/* One of page-up ... wheel-down etc. that moves a list. */
bool list_moves(const char *name);

/* Searching: find WORDS, find-next, find-previous. True when the call is one of them; *back tells the direction and ui->find
 * holds what to look for, possibly "". *again: from the row after the cursor on. */
bool list_finds(struct ui *ui, const struct view_call *call, bool *back, bool *again);
/* The first row that matches, from `from` on and around; again: from the one after it. rows when none does. */
size_t list_find(size_t rows, size_t from, bool back, bool again, bool (*match)(void *self, size_t row), void *self);

/* True when the bytes hold the words, upper and lower case alike. */
bool list_holds(const char *bytes, size_t n, const char *words);
/* The same, and where: the first place at or after `from`. n when nowhere; *length of the place. */
size_t list_place(const char *bytes, size_t n, size_t from, const char *words, size_t *length);

/* False, and as much of the text as fits drawn, where a view has less than w x h cells. */
bool list_room(struct canvas *c, struct rect r, int w, int h, const char *text);
/* The words of a call from argument i on, with blanks between, in out. */
void list_words(const struct view_call *call, int i, char *out, size_t size);

#endif
