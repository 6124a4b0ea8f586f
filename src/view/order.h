/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The order in which the observations are listed, kept between frames of the same state. */
#ifndef ELBOW_VIEW_ORDER_H
#define ELBOW_VIEW_ORDER_H

#include <stddef.h>

#include "view/ui.h"

struct ui_order;

/* The observations by ui->sort, ui->sort_up and ui->sort_topic, by number among equals; unknown values last. Row r shows
 * observation order_of()[r]. Borrowed until the next call; NULL when out of memory. */
const size_t *order_of(struct ui *ui, const struct picture *pic);
/* The row of an observation; 0 when it is not there. */
size_t order_row(struct ui *ui, const struct picture *pic, size_t n);
/* Selects an observation for the list and the Reader, which begins at its top. */
void order_select(struct ui *ui, size_t n);
void order_free(struct ui_order *o);

/* Values of an observation's columns; NAN when unknown. */
double order_change(const struct em_snapshot *s, size_t n);

#endif
